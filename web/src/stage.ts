// Canvas, camera and the loop that draws when there is something new to see.
import * as THREE from "three";
import { OrbitControls } from "three/addons/controls/OrbitControls.js";
import { SparkRenderer } from "@sparkjsdev/spark";
import { AvatarError } from "./errors.js";
import type { Manifest } from "./bundle.js";

const FIELD_OF_VIEW_DEG = 24;
/** how much of the canvas's height or width the head fills at first */
const FILL = 0.9;
const MOST_PIXELS_A_CSS_PIXEL = 2;
/** as the splats were trained: classic rasterisation, which adds 0.3 square pixels to each */
const BLUR_PX2 = 0.3;
const TURN_STEP_RAD = 0.1;
const ZOOM_STEP = 1.1;

/** Throws AvatarError where the browser has nothing to draw with. Splats need WebGL 2; WebGPU alone does not help. */
function makeRenderer(canvas: HTMLCanvasElement): THREE.WebGLRenderer {
  const context = canvas.getContext("webgl2", {
    alpha: true, premultipliedAlpha: true, antialias: false, depth: true, powerPreference: "high-performance",
  });
  if (!context) {
    const other = "gpu" in navigator ? "offers WebGPU but no WebGL 2" : "offers neither WebGL 2 nor WebGPU";
    throw new AvatarError(`This browser ${other}, which the avatar needs; turn on graphics acceleration or update it.`);
  }
  const renderer = new THREE.WebGLRenderer({ canvas, context, alpha: true, premultipliedAlpha: true });
  renderer.setClearColor(0x000000, 0);
  return renderer;
}

export class Stage {
  readonly renderer: THREE.WebGLRenderer;
  readonly scene = new THREE.Scene();
  readonly camera = new THREE.PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 0.05, 20);
  readonly controls: OrbitControls;
  readonly spark: SparkRenderer;
  /** called before each picture; returns whether something moved */
  onFrame: (now_s: number) => boolean = () => false;
  /** twice the pixels where nothing else smooths edges */
  supersample = false;
  private dirty = true;
  /** whether somebody has chosen where to look from */
  private chosen = false;
  private request = 0;
  /** how many want everything to stand still */
  private holders = 0;
  private readonly observer: ResizeObserver;
  private readonly middle = new THREE.Vector3();

  constructor(readonly canvas: HTMLCanvasElement, private readonly view: Manifest["view"]) {
    this.renderer = makeRenderer(canvas);
    this.spark = new SparkRenderer({
      renderer: this.renderer,
      onDirty: () => this.invalidate(),
      preBlurAmount: BLUR_PX2,
      blurAmount: 0,
      sortRadial: false,
      enableLod: false,
    });
    this.scene.add(this.spark);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.enableDamping = true;
    this.controls.enablePan = false;
    this.controls.addEventListener("change", () => this.invalidate());
    this.controls.addEventListener("start", () => (this.chosen = true));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    this.resetView();
    this.resize();
  }

  invalidate(): void {
    this.dirty = true;
  }

  /** Looks at the whole head from the front. */
  resetView(): void {
    this.chosen = false;
    const low = new THREE.Vector3(...this.view.low_m), high = new THREE.Vector3(...this.view.high_m);
    this.middle.addVectors(low, high).multiplyScalar(0.5);
    const half = Math.tan((FIELD_OF_VIEW_DEG * Math.PI) / 360) * FILL;
    const size = high.sub(low);
    const distance = Math.max(size.y, Math.hypot(size.x, size.z) / Math.max(this.camera.aspect, 0.1)) / (2 * half);
    this.controls.target.copy(this.middle);
    this.controls.minDistance = 0.4 * distance;
    this.controls.maxDistance = 3 * distance;
    this.camera.position.copy(this.middle).add(new THREE.Vector3(0, 0, distance + size.z / 2));
    this.controls.update();
    this.invalidate();
  }

  /** Turns the view by steps to the right and up. */
  orbit(right: number, up: number): void {
    const place = new THREE.Spherical().setFromVector3(this.camera.position.clone().sub(this.controls.target));
    place.theta += right * TURN_STEP_RAD;
    place.phi = Math.min(Math.PI - 0.05, Math.max(0.05, place.phi - up * TURN_STEP_RAD));
    this.place(this.camera.position.setFromSpherical(place).add(this.controls.target));
  }

  /** Comes closer by steps, or goes away by negative ones. */
  zoom(steps: number): void {
    const away = this.camera.position.clone().sub(this.controls.target);
    this.place(away.multiplyScalar(ZOOM_STEP ** -steps).add(this.controls.target));
  }

  private place(camera: THREE.Vector3): void {
    this.chosen = true;
    this.camera.position.copy(camera);
    this.controls.update();
    this.invalidate();
  }

  start(): void {
    if (this.request) return;
    const step = (now_ms: number) => {
      this.request = requestAnimationFrame(step);
      if (this.holders) return;
      const moved = this.onFrame(now_ms / 1000);
      if (this.controls.update() || moved || this.dirty) this.draw();
    };
    this.request = requestAnimationFrame(step);
  }

  stop(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
  }

  draw(): void {
    this.dirty = false;
    this.renderer.render(this.scene, this.camera);
  }

  /** Lets nothing move by itself until `use` is done. */
  async hold(use: () => Promise<void>): Promise<void> {
    this.holders++;
    try {
      await use();
    } finally {
      this.holders--;
    }
  }

  /** Until the splats are sorted for what was drawn last, and drawn so; to be called within `hold`. */
  async settle(): Promise<void> {
    do {
      this.draw();
      // no further pictures meanwhile: they would stand in the line before the one that is waited for
      do await pause(5);
      while (this.spark.sorting);
    } while (this.dirty || this.spark.sortDirty);
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const ratio = Math.min(window.devicePixelRatio || 1, MOST_PIXELS_A_CSS_PIXEL);
    this.renderer.setPixelRatio(this.supersample ? Math.max(ratio, MOST_PIXELS_A_CSS_PIXEL) : ratio);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    if (!this.chosen) this.resetView();
    this.invalidate();
  }

  dispose(): void {
    this.stop();
    this.observer.disconnect();
    this.controls.dispose();
    this.spark.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
