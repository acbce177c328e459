// An avatar on a stage: what it is told to do and what it does by itself, each frame as one pose.
import * as THREE from "three";
import { BoundSplats } from "./bound_splats.js";
import type { Bundle } from "./bundle.js";
import { DynamicTextureRunner } from "./dynamic_texture.js";
import { AvatarError } from "./errors.js";
import { Head } from "./head.js";
import { Gaze, Idle } from "./liveliness.js";
import { Motion } from "./motion.js";
import { Pose } from "./pose.js";
import { type SkinUniforms, dress, dressWorn, skinUniforms } from "./skin_material.js";
import { Stage } from "./stage.js";

export type Show = "splats" | "mesh" | "both";
export type Turns = Record<string, [number, number, number]>;

const LONGEST_STEP_S = 0.1;

export class Viewer {
  idle = false;
  readonly gaze = new Gaze();
  readonly pose: Pose;
  playing = false;
  motionName: string | null = null;
  /** told, not fatal: what does not work here */
  onTrouble: (error: unknown) => void = () => {};
  private readonly weights = new Map<string, number>();
  private readonly turns = new Map<string, THREE.Quaternion>();
  private readonly breathing = new Idle();
  private readonly motions = new Map<string, Motion>();
  private motion: Motion | null = null;
  private motionTime_s = 0;
  private last_s = 0;
  private changed = true;
  private dynamic: DynamicTextureRunner | null = null;
  private dynamicAsked = false;
  private meshShown = true;

  private constructor(
    readonly bundle: Bundle,
    readonly stage: Stage,
    private readonly head: Head,
    readonly splats: BoundSplats | null,
    private readonly uniforms: SkinUniforms,
  ) {
    const { blendshapes, joints } = bundle.manifest;
    this.pose = new Pose(blendshapes, joints);
    stage.scene.add(head.scene);
    if (splats) stage.scene.add(splats.mesh);
    stage.onFrame = (now_s) => this.step(now_s);
  }

  /** Loads mesh and splats; the dynamic texture comes when the mesh is shown. Throws AvatarError. */
  static async load(bundle: Bundle, canvas: HTMLCanvasElement): Promise<Viewer> {
    const { head, splats, view, light_sh } = bundle.manifest;
    const stage = new Stage(canvas, view);
    try {
      const files = [head.file, ...(splats ? [splats.file, splats.binding.file] : [])];
      bundle.expect(files);
      const [mesh, spz, binding] = await Promise.all([
        bundle.bytes(head.file).then((data) => Head.parse(data.buffer, bundle.manifest)),
        splats ? bundle.bytes(splats.file) : null,
        splats ? bundle.arrays(splats.binding) : null,
      ]);
      const uniforms = skinUniforms(light_sh);
      for (const part of mesh.meshes) dress(part, uniforms);
      for (const thing of mesh.worn) dressWorn(thing, uniforms);
      const bound = spz && binding ? new BoundSplats(spz, binding, mesh.rest) : null;
      await bound?.mesh.initialized;
      return new Viewer(bundle, stage, mesh, bound, uniforms);
    } catch (error) {
      stage.dispose();
      throw error;
    }
  }

  /** Sets the weights that are named; the others stay. */
  setWeights(weights: Record<string, number>): void {
    for (const [name, weight] of Object.entries(weights)) {
      if (!this.pose.names.includes(name)) {
        throw new AvatarError(`The avatar has no blendshape '${name}'; \`blendshapes\` lists those it has.`);
      }
      if (!Number.isFinite(weight)) throw new AvatarError(`The weight of '${name}' is not a number; give 0 to 1.`);
      this.weights.set(name, weight);
    }
    this.changed = true;
  }

  weightsNow(): Record<string, number> {
    return Object.fromEntries(this.pose.names.map((name) => [name, this.weights.get(name) ?? 0]));
  }

  resetWeights(): void {
    this.weights.clear();
    this.turns.clear();
    this.changed = true;
  }

  /** Turns joints: axis times angle in radians, relative to the parent joint. */
  setJoints(turns: Turns): void {
    for (const [name, turn] of Object.entries(turns)) {
      if (!this.pose.joints.includes(name)) {
        throw new AvatarError(`The avatar has no joint '${name}'; it has ${this.pose.joints.join(", ")}.`);
      }
      const axis = new THREE.Vector3(...turn), angle = axis.length();
      if (!Number.isFinite(angle)) throw new AvatarError(`The turn of '${name}' is not three numbers in radians.`);
      this.turns.set(name, new THREE.Quaternion().setFromAxisAngle(axis.normalize(), angle));
    }
    this.changed = true;
  }

  show(what: Show): void {
    const { splats } = this;
    this.meshShown = what !== "splats" || !splats;
    this.head.show(this.meshShown);
    if (splats) splats.mesh.visible = what !== "mesh";
    this.stage.supersample = !splats?.mesh.visible;
    this.stage.resize();
    this.changed = true;
    if (this.meshShown) void this.loadDynamicTexture();
  }

  /** Whether the mesh shows a dynamic texture, as far as one is known to work. */
  get dynamicTexture(): boolean {
    return this.dynamic !== null;
  }

  /** Plays a motion of the bundle from its start, over and over. */
  async play(name: string): Promise<void> {
    const entry = this.bundle.manifest.motions.find((motion) => motion.name === name);
    if (!entry) {
      const names = this.bundle.manifest.motions.map((motion) => `'${motion.name}'`).join(", ");
      throw new AvatarError(`The avatar has no motion '${name}'; it has ${names || "none"}.`);
    }
    const known = this.motions.get(name) ?? new Motion(entry, await this.bundle.arrays(entry));
    this.motions.set(name, known);
    this.motion = known;
    this.motionName = name;
    this.motionTime_s = 0;
    this.playing = true;
  }

  /** Puts the motion at a time, playing or not. */
  seek(seconds: number): void {
    this.motionTime_s = seconds;
    this.changed = true;
  }

  stopMotion(): void {
    this.motion = this.motionName = null;
    this.playing = false;
    this.changed = true;
  }

  /** Until the present pose is drawn, with its splats sorted and its texture computed. */
  settle(): Promise<void> {
    return this.stage.hold(async () => {
      this.step(this.last_s);
      await this.stage.settle();
      while (this.dynamic?.working) await new Promise((resolve) => setTimeout(resolve, 10));
      await this.stage.settle();
    });
  }

  dispose(): void {
    this.dynamic?.dispose();
    this.splats?.dispose();
    this.head.dispose();
    this.stage.dispose();
  }

  /** Moves everything to a time; returns whether something moved. */
  private step(now_s: number): boolean {
    const passed_s = Math.min(Math.max(0, now_s - this.last_s), LONGEST_STEP_S);
    this.last_s = now_s;
    const alive = this.idle || this.gaze.moving || (this.playing && this.motion !== null);
    if (!alive && !this.changed) return false;
    this.changed = false;
    const { pose } = this;
    pose.reset();
    for (const [name, weight] of this.weights) pose.add(name, weight);
    for (const [joint, turn] of this.turns) pose.turn(joint, turn);
    if (this.motion) {
      if (this.playing) this.motionTime_s += passed_s;
      this.motion.apply(pose, this.motionTime_s);
    }
    if (this.idle) this.breathing.apply(pose, now_s);
    this.gaze.apply(pose, passed_s);
    pose.clamp(this.bundle.manifest.ranges);
    this.head.pose(pose);
    if (this.splats?.mesh.visible) this.splats.follow(this.head.deform(pose.weights));
    if (this.meshShown) this.dynamic?.show(pose, this.stage.camera.position.clone().normalize());
    return true;
  }

  private async loadDynamicTexture(): Promise<void> {
    if (this.dynamicAsked || !this.bundle.manifest.dynamic_texture) return;
    this.dynamicAsked = true;
    try {
      this.dynamic = await DynamicTextureRunner.load(this.bundle, this.uniforms);
      this.dynamic.onTexture = () => this.stage.invalidate();
      this.dynamic.onTrouble = (error) => this.onTrouble(error);
      this.changed = true;
    } catch (error) {
      this.onTrouble(error);
    }
  }
}
