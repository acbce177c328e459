// Where three.js draws the surface: depths read off the picture, from the front, at the probes of the request, under each
// morph target alone and at each time of an animation (see request.mjs). Runs in browsers.
import {
  AnimationMixer, DoubleSide, LoopOnce, MeshDepthMaterial, NoBlending, OrthographicCamera, RGBADepthPacking, Scene,
  WebGLRenderer, WebGLRenderTarget,
} from "three";
import { base64 } from "./base64.mjs";

// drawing in software rounds corners to a sixteenth of a pixel; an odd number keeps the middles of the request's pixels
const FINER = 5;
const SIZE_PX = 256 * FINER;
const NEAR_M = 0.5;
const FAR_M = 1.5;
const CAMERA_M = 1; // before the origin

class View {
  constructor({ scene }, pixel_m) {
    this.pixel_m = pixel_m / FINER;
    const half = (SIZE_PX * this.pixel_m) / 2;
    this.camera = new OrthographicCamera(-half, half, half, -half, NEAR_M, FAR_M);
    this.camera.position.z = CAMERA_M;
    this.renderer = new WebGLRenderer();
    this.renderer.setClearColor(0xffffff, 1);
    this.target = new WebGLRenderTarget(SIZE_PX, SIZE_PX);
    this.scene = new Scene();
    this.scene.add(scene);
    const depth = { depthPacking: RGBADepthPacking, blending: NoBlending, side: DoubleSide };
    this.scene.overrideMaterial = new MeshDepthMaterial(depth);
    this.meshes = [];
    scene.traverse((node) => {
      if (node.isSkinnedMesh) this.meshes.push(node);
      // what is worn hides the head
      else if (node.isMesh) node.visible = false;
      node.frustumCulled = false;
    });
  }

  /** [x, y, z] in metres at each of the probes (x, y), which are in the middle of pixels. */
  surface(probes) {
    const picture = new Uint8Array(SIZE_PX * SIZE_PX * 4);
    this.renderer.setRenderTarget(this.target);
    this.renderer.render(this.scene, this.camera);
    this.renderer.readRenderTargetPixels(this.target, 0, 0, SIZE_PX, SIZE_PX, picture);
    return probes.flatMap(([x, y]) => {
      const [column, row] = [x, y].map((at) => Math.floor(at / this.pixel_m + SIZE_PX / 2));
      const [r, g, b, a] = picture.subarray((row * SIZE_PX + column) * 4, (row * SIZE_PX + column) * 4 + 4);
      // what packDepthToRGBA of three.js' packing.glsl.js wrote
      const depth = r / 256 + g / 256 ** 2 + b / 256 ** 3 + a / 255 / 256 ** 3;
      return [x, y, CAMERA_M - NEAR_M - depth * (FAR_M - NEAR_M)];
    });
  }

  weigh(target, weight) {
    for (const mesh of this.meshes) mesh.morphTargetInfluences[target] = weight;
  }
}

function moving(view, clip, times, probes) {
  const mixer = new AnimationMixer(view.scene.children[0]);
  const action = mixer.clipAction(clip);
  action.setLoop(LoopOnce).clampWhenFinished = true;
  const seen = times.flatMap((time, i) => {
    action.reset().play();
    mixer.setTime(time);
    return view.surface(probes[i]);
  });
  mixer.stopAllAction();
  return base64(seen);
}

/** Adds to a record what is drawn. */
export function addDrawn(seen, gltf, { times, probes, animation_probes, pixel_m }) {
  const view = new View(gltf, pixel_m);
  const surface = probes.flatMap((points, target) => {
    view.weigh(target, 1);
    const drawn = view.surface(points);
    view.weigh(target, 0);
    return drawn;
  });
  const animations = seen.animations.map((animation, row) => ({
    ...animation,
    surface: moving(view, gltf.animations[row], times, animation_probes),
  }));
  const shape = [probes.length, probes[0]?.length ?? 0, 3];
  return { ...seen, surface: base64(surface), surfaceShape: shape, animations };
}
