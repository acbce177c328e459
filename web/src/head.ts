// The rigged head of `head.glb`: drawn by three.js on the GPU; its vertices are also computed here for the splats.
import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { MeshoptDecoder } from "three/addons/libs/meshopt_decoder.module.js";
import type { Manifest } from "./bundle.js";
import { AvatarError } from "./errors.js";
import type { Pose } from "./pose.js";

/** A morph target where it moves anything. */
interface Shape {
  /** offsets of x in `rest` */
  rows: Uint32Array;
  /** [rows, 3] metres at weight 1 */
  deltas: Float32Array;
}

const STILL_M = 1e-7;

export class Head {
  readonly scene: THREE.Group;
  readonly meshes: THREE.SkinnedMesh[];
  /** accessories, which hang on the joints */
  readonly worn: THREE.Mesh[] = [];
  /** [V, 3] metres, of all meshes behind each other */
  readonly rest: Float32Array;
  /** what `deform` returns */
  private readonly vertices: Float32Array;
  private readonly shapes: Shape[];
  private readonly joints: Uint8Array;
  private readonly jointWeights: Float32Array;
  private readonly bones: THREE.Bone[];
  private readonly restTurns: THREE.Quaternion[];
  private readonly restPlace: THREE.Vector3;
  /** head space at rest to a joint's own space */
  private readonly toJoint: THREE.Matrix4[];

  static async parse(data: ArrayBuffer, manifest: Manifest): Promise<Head> {
    const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
    const gltf = await loader.parseAsync(data, "");
    const order = (mesh: THREE.Object3D) => gltf.parser.associations.get(mesh)?.meshes ?? 0;
    const meshes: THREE.SkinnedMesh[] = [];
    gltf.scene.traverse((node) => {
      if (node instanceof THREE.SkinnedMesh) meshes.push(node);
    });
    meshes.sort((a, b) => order(a) - order(b));
    return new Head(gltf.scene, meshes, manifest);
  }

  private constructor(scene: THREE.Group, meshes: THREE.SkinnedMesh[], manifest: Manifest) {
    this.scene = scene;
    this.meshes = meshes;
    const count = meshes.reduce((sum, mesh) => sum + mesh.geometry.attributes.position!.count, 0);
    const skeleton = meshes[0]?.skeleton;
    if (count !== manifest.head.vertices || !skeleton || skeleton.bones.length !== manifest.joints.length) {
      throw new AvatarError(`${manifest.head.file} does not belong to this avatar.json; export the avatar again.`);
    }
    scene.updateMatrixWorld(true);
    this.bones = skeleton.bones;
    this.restTurns = this.bones.map((bone) => bone.quaternion.clone());
    this.restPlace = this.bones[0]!.position.clone();
    this.toJoint = this.bones.map((bone) => bone.matrixWorld.clone().invert());
    this.rest = new Float32Array(3 * count);
    this.joints = new Uint8Array(4 * count);
    this.jointWeights = new Float32Array(4 * count);
    this.shapes = this.gather(manifest.blendshapes);
    this.vertices = this.rest.slice();
    for (const mesh of meshes) mesh.frustumCulled = false;
    scene.traverse((node) => {
      if (node instanceof THREE.Mesh && !(node instanceof THREE.SkinnedMesh)) this.worn.push(node);
    });
  }

  /** Takes the pose for drawing. */
  pose(pose: Pose): void {
    for (const mesh of this.meshes) {
      pose.names.forEach((name, k) => {
        const target = mesh.morphTargetDictionary?.[name];
        if (target !== undefined) mesh.morphTargetInfluences![target] = pose.weights[k]!;
      });
    }
    this.bones.forEach((bone, j) => bone.quaternion.copy(this.restTurns[j]!).multiply(pose.turns[j]!));
    this.bones[0]!.position.copy(this.restPlace).add(pose.translation);
    this.scene.updateMatrixWorld(true);
  }

  /** Shows or hides the head, but not what it wears. */
  show(visible: boolean): void {
    for (const mesh of this.meshes) mesh.visible = visible;
  }

  dispose(): void {
    for (const mesh of [...this.meshes, ...this.worn]) {
      mesh.geometry.dispose();
      if (mesh instanceof THREE.SkinnedMesh) mesh.skeleton.dispose();
      const { map } = mesh.material as THREE.MeshLambertMaterial;
      map?.dispose();
      (mesh.material as THREE.Material).dispose();
    }
  }

  /** The vertices [V, 3] in the pose that was taken, whose weights these are: morph targets, then skinning. */
  deform(weights: Float32Array): Float32Array {
    const { vertices, joints, jointWeights } = this;
    vertices.set(this.rest);
    this.shapes.forEach(({ rows, deltas }, k) => {
      const weight = weights[k]!;
      if (weight === 0) return;
      for (let i = 0; i < rows.length; i++) {
        const at = rows[i]!;
        vertices[at]! += weight * deltas[3 * i]!;
        vertices[at + 1]! += weight * deltas[3 * i + 1]!;
        vertices[at + 2]! += weight * deltas[3 * i + 2]!;
      }
    });
    const moves = this.bones.map((bone, j) => new THREE.Matrix4().multiplyMatrices(bone.matrixWorld, this.toJoint[j]!));
    const m = new Float32Array(16);
    for (let v = 0; 3 * v < vertices.length; v++) {
      m.fill(0);
      for (let k = 4 * v; k < 4 * v + 4; k++) {
        const weight = jointWeights[k]!;
        if (weight === 0) continue;
        const e = moves[joints[k]!]!.elements;
        for (let i = 0; i < 16; i++) m[i]! += weight * e[i]!;
      }
      const x = vertices[3 * v]!, y = vertices[3 * v + 1]!, z = vertices[3 * v + 2]!;
      vertices[3 * v] = m[0]! * x + m[4]! * y + m[8]! * z + m[12]!;
      vertices[3 * v + 1] = m[1]! * x + m[5]! * y + m[9]! * z + m[13]!;
      vertices[3 * v + 2] = m[2]! * x + m[6]! * y + m[10]! * z + m[14]!;
    }
    return vertices;
  }

  /** Fills `rest`, `joints` and `jointWeights`; returns the morph targets of these names. */
  private gather(names: string[]): Shape[] {
    const rows: number[][] = names.map(() => []), deltas: number[][] = names.map(() => []);
    const point = new THREE.Vector3(), zero = new THREE.Vector3();
    let first = 0;
    for (const mesh of this.meshes) {
      const { position, skinIndex, skinWeight } = mesh.geometry.attributes;
      // a quantised file has its scale in the inverse bind matrices, the same in all joints at rest
      const { bones, boneInverses } = mesh.skeleton;
      const toHead = new THREE.Matrix4().multiplyMatrices(bones[0]!.matrixWorld, boneInverses[0]!);
      zero.set(0, 0, 0).applyMatrix4(toHead);
      for (let v = 0; v < position!.count; v++) {
        point.fromBufferAttribute(position as THREE.BufferAttribute, v).applyMatrix4(toHead);
        point.toArray(this.rest, 3 * (first + v));
        for (let k = 0; k < 4; k++) {
          this.joints[4 * (first + v) + k] = skinIndex!.getComponent(v, k);
          this.jointWeights[4 * (first + v) + k] = skinWeight!.getComponent(v, k);
        }
      }
      names.forEach((name, k) => {
        const delta = mesh.geometry.morphAttributes.position?.[mesh.morphTargetDictionary?.[name] ?? -1];
        for (let v = 0; delta && v < delta.count; v++) {
          point.fromBufferAttribute(delta as THREE.BufferAttribute, v).applyMatrix4(toHead).sub(zero);
          if (point.lengthSq() < STILL_M ** 2) continue;
          rows[k]!.push(3 * (first + v));
          deltas[k]!.push(point.x, point.y, point.z);
        }
      });
      first += position!.count;
    }
    return names.map((_, k) => ({ rows: Uint32Array.from(rows[k]!), deltas: Float32Array.from(deltas[k]!) }));
  }
}
