// <headsmith-avatar src="ada/">: the avatar as an element of any page (docs/web.md documents its API).
import * as THREE from "three";
import { Bundle } from "./bundle.js";
import { AvatarError } from "./errors.js";
import { Panel } from "./panel.js";
import { STYLES } from "./styles.js";
import { type Show, type Turns, Viewer } from "./viewer.js";

const SHOWS: readonly string[] = ["splats", "mesh", "both"];
/** how far before the face the cursor is thought to be, as part of the way to the camera */
const CURSOR_DEPTH = 0.5;

export class HeadsmithAvatar extends HTMLElement {
  static readonly observedAttributes = ["src", "mode", "show", "controls", "idle", "look-at-cursor", "motion"];

  /** Resolves when the avatar of the present `src` is shown; rejects with an AvatarError. */
  ready: Promise<void> = new Promise(() => {});
  viewer: Viewer | null = null;
  private panel: Panel | null = null;
  private generation = 0;
  private onScreen = false;
  private readonly stage: HTMLElement;
  private readonly view: HTMLElement;
  private readonly message: HTMLElement;
  private visibility: IntersectionObserver | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLES}</style>
      <div class="stage"><div class="view"><p class="message" role="status"></p></div></div>`;
    this.stage = root.querySelector(".stage")!;
    this.view = root.querySelector(".view")!;
    this.message = root.querySelector(".message")!;
  }

  connectedCallback(): void {
    window.addEventListener("pointermove", this.follow);
    this.visibility = new IntersectionObserver((entries) => {
      this.onScreen = entries.at(-1)!.isIntersecting;
      if (this.onScreen) this.viewer?.stage.start();
      else this.viewer?.stage.stop();
    });
    this.visibility.observe(this);
    if (this.hasAttribute("src")) this.load();
  }

  disconnectedCallback(): void {
    window.removeEventListener("pointermove", this.follow);
    this.visibility?.disconnect();
    this.clear();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.isConnected) return;
    if (name === "src") this.load();
    else if (name === "motion") void this.applyMotion();
    else this.apply();
  }

  /** The names that `setWeights` knows. */
  get blendshapes(): readonly string[] {
    return this.viewer?.bundle.manifest.blendshapes ?? [];
  }

  /** The names that `setExpression` knows. */
  get expressions(): readonly string[] {
    return Object.keys(this.viewer?.bundle.manifest.presets ?? {});
  }

  /** The names that `play` knows. */
  get motions(): readonly string[] {
    return this.viewer?.bundle.manifest.motions.map((motion) => motion.name) ?? [];
  }

  get hasSplats(): boolean {
    return Boolean(this.viewer?.splats);
  }

  /** Whether the mesh's dynamic texture runs: false until the mesh is shown, and where there is none. */
  get hasDynamicTexture(): boolean {
    return Boolean(this.viewer?.dynamicTexture);
  }

  get playing(): boolean {
    return Boolean(this.viewer?.playing);
  }

  /** The weights that were set, of all blendshapes; motion, idling and gaze come on top. */
  get weights(): Record<string, number> {
    return this.viewer?.weightsNow() ?? {};
  }

  get show(): Show {
    const asked = this.getAttribute("show") ?? "";
    if (!this.hasSplats) return "mesh";
    return SHOWS.includes(asked) ? (asked as Show) : "splats";
  }

  set show(value: Show) {
    this.setAttribute("show", value);
  }

  get hologram(): boolean {
    return this.getAttribute("mode") === "hologram";
  }

  set hologram(value: boolean) {
    if (value) this.setAttribute("mode", "hologram");
    else this.removeAttribute("mode");
  }

  /** Whether it blinks and breathes; never where the person asked for less motion. */
  get idle(): boolean {
    return this.hasAttribute("idle");
  }

  set idle(value: boolean) {
    this.toggleAttribute("idle", value);
  }

  get lookAtCursor(): boolean {
    return this.hasAttribute("look-at-cursor");
  }

  set lookAtCursor(value: boolean) {
    this.toggleAttribute("look-at-cursor", value);
  }

  /** Least and greatest weight of a blendshape. */
  rangeOf(blendshape: string): [number, number] {
    return this.viewer?.bundle.manifest.ranges[blendshape] ?? [0, 1];
  }

  /** Sets the weights that are named, 0 to 1; the others stay. Throws for an unknown name. */
  setWeights(weights: Record<string, number>): void {
    this.loaded().setWeights(weights);
    this.panel?.update();
  }

  /** All weights to 0, all joints to rest. */
  resetWeights(): void {
    this.loaded().resetWeights();
    this.panel?.update();
  }

  /** Replaces all weights by one of `expressions`, times `strength`. */
  setExpression(name: string, strength = 1): void {
    const viewer = this.loaded(), preset = viewer.bundle.manifest.presets[name];
    if (!preset) throw new AvatarError(`There is no expression '${name}'; \`expressions\` lists those there are.`);
    viewer.resetWeights();
    const known = Object.entries(preset).filter(([shape]) => viewer.pose.names.includes(shape));
    this.setWeights(Object.fromEntries(known.map(([shape, weight]) => [shape, weight * strength])));
  }

  /** Turns joints: axis times angle in radians, relative to the parent joint. */
  setJoints(turns: Turns): void {
    this.loaded().setJoints(turns);
  }

  /** Plays a motion over and over; goes on with the present one where no name is given. */
  async play(name?: string): Promise<void> {
    const viewer = this.loaded();
    if (name === undefined || (name === viewer.motionName && !viewer.playing)) {
      if (!viewer.motionName) throw new AvatarError("No motion is chosen; give play() one of `motions`.");
      viewer.playing = true;
    } else {
      await viewer.play(name);
    }
    this.panel?.update();
  }

  pause(): void {
    this.loaded().playing = false;
    this.panel?.update();
  }

  /** Back from the motion to what was set. */
  stop(): void {
    this.loaded().stopMotion();
    this.panel?.update();
  }

  /** Puts the motion at a time. */
  seek(seconds: number): void {
    this.loaded().seek(seconds);
  }

  /** The whole head from the front. */
  resetView(): void {
    this.loaded().stage.resetView();
  }

  /** Resolves when what was set is drawn, with splats sorted and the texture computed. */
  async settled(): Promise<void> {
    await this.ready;
    await this.viewer?.settle();
  }

  /** The present picture as a PNG with transparency. */
  async snapshot(): Promise<Blob> {
    await this.settled();
    const { stage } = this.loaded();
    stage.draw();
    return new Promise((resolve, reject) =>
      stage.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new AvatarError("The picture is too large.")))));
  }

  private loaded(): Viewer {
    if (!this.viewer) throw new AvatarError("The avatar is not loaded yet; wait for its `ready`.");
    return this.viewer;
  }

  private load(): void {
    this.clear();
    const generation = ++this.generation;
    this.ready = this.fill(generation).catch((error: unknown) => {
      if (generation === this.generation) this.fail(error);
      throw error;
    });
    // whoever waits for `ready` hears of it; the element says it itself to all others
    this.ready.catch(() => {});
  }

  private async fill(generation: number): Promise<void> {
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", "The avatar is loading");
    this.view.append(bar);
    const bundle = await Bundle.open(this.getAttribute("src")!, (part) => {
      bar.value = part;
      this.dispatchEvent(new CustomEvent("progress", { detail: part }));
    });
    if (generation !== this.generation) return;
    this.showPoster(bundle);
    const canvas = this.addCanvas(bundle.manifest.name);
    const viewer = await Viewer.load(bundle, canvas);
    if (generation !== this.generation) return viewer.dispose();
    this.viewer = viewer;
    viewer.onTrouble = (error) => this.say(error);
    this.apply();
    await viewer.settle();
    if (generation !== this.generation) return;
    bar.remove();
    this.view.querySelector(".poster")?.remove();
    if (this.onScreen) viewer.stage.start();
    await this.applyMotion();
    this.dispatchEvent(new CustomEvent("load"));
  }

  private addCanvas(name: string): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label",
      `Avatar ${name}. Arrow keys turn it, plus and minus zoom, Home looks from the front, space plays or pauses.`);
    canvas.addEventListener("keydown", this.key);
    canvas.addEventListener("webglcontextlost", () => {
      if (canvas.isConnected) this.fail(new AvatarError("The browser took the graphics card away; reload the page."));
    });
    this.view.prepend(canvas);
    return canvas;
  }

  private showPoster(bundle: Bundle): void {
    if (!bundle.manifest.poster) return;
    const poster = document.createElement("img");
    poster.className = "poster";
    poster.alt = `Picture of the avatar ${bundle.manifest.name}`;
    poster.src = bundle.url(bundle.manifest.poster).href;
    this.view.prepend(poster);
  }

  /** Carries out all attributes but `src` and `motion`. */
  private apply(): void {
    const { viewer } = this;
    if (!viewer) return;
    viewer.show(this.show);
    if (!viewer.splats && (this.getAttribute("show") ?? "mesh") !== "mesh") {
      this.say(new AvatarError("This avatar has no splats; its mesh is shown."));
    }
    viewer.idle = this.idle && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!this.lookAtCursor) viewer.gaze.target = null;
    // a hologram lies over a page that scrolls
    viewer.stage.canvas.style.touchAction = this.hologram ? "pan-y" : "none";
    if (this.hasAttribute("controls") && !this.panel) {
      this.panel = new Panel(this);
      this.stage.append(this.panel.root);
    } else if (!this.hasAttribute("controls")) {
      this.panel?.root.remove();
      this.panel = null;
    }
    this.panel?.update();
  }

  private async applyMotion(): Promise<void> {
    if (!this.viewer) return;
    const name = this.getAttribute("motion");
    try {
      if (name) await this.play(name);
      else this.stop();
    } catch (error) {
      this.say(error);
    }
  }

  private clear(): void {
    this.generation++;
    this.viewer?.dispose();
    this.viewer = null;
    this.panel?.root.remove();
    this.panel = null;
    this.message.textContent = "";
    this.message.setAttribute("role", "status");
    this.view.replaceChildren(this.message);
  }

  private fail(error: unknown): void {
    this.viewer?.stage.stop();
    this.view.querySelector("progress")?.remove();
    this.view.querySelector("canvas")?.remove();
    this.message.setAttribute("role", "alert");
    this.say(error);
  }

  /** One sentence, on the element and as an event. */
  private say(error: unknown): void {
    const known = error instanceof AvatarError;
    this.message.textContent = known ? error.message : "The avatar cannot be shown; the browser's console says why.";
    if (!known) console.error(error);
    this.dispatchEvent(new CustomEvent("error", { detail: error }));
  }

  private readonly key = (event: KeyboardEvent): void => {
    const { viewer } = this;
    if (!viewer || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => viewer.stage.orbit(-1, 0),
      ArrowRight: () => viewer.stage.orbit(1, 0),
      ArrowUp: () => viewer.stage.orbit(0, 1),
      ArrowDown: () => viewer.stage.orbit(0, -1),
      "+": () => viewer.stage.zoom(1),
      "=": () => viewer.stage.zoom(1),
      "-": () => viewer.stage.zoom(-1),
      Home: () => viewer.stage.resetView(),
      " ": () => this.toggleMotion(),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  private toggleMotion(): void {
    if (this.playing) this.pause();
    else if (this.motions.length) void this.play(this.viewer?.motionName ?? this.motions[0]);
  }

  private readonly follow = (event: PointerEvent): void => {
    const { viewer } = this;
    if (!viewer || !this.lookAtCursor) return;
    const { left, top, width, height } = viewer.stage.canvas.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * 2 - 1, y = 1 - ((event.clientY - top) / height) * 2;
    const { camera } = viewer.stage;
    const ray = new THREE.Vector3(x, y, 0.5).unproject(camera).sub(camera.position).normalize();
    const point = camera.position.clone().addScaledVector(ray, camera.position.length() * CURSOR_DEPTH);
    viewer.gaze.target = point;
  };
}
