// The panel of controls: every one has a label, and the keyboard reaches all of them.
import type { HeadsmithAvatar } from "./element.js";
import type { Show } from "./viewer.js";

const GROUPS: [string, RegExp][] = [
  ["Eyes", /^eye/],
  ["Brows", /^brow/],
  ["Jaw", /^jaw/],
  ["Mouth", /^mouth/],
  ["Cheeks, nose and tongue", /^(cheek|nose|tongue)/],
  ["Others", /./],
];

const CHOICES = [
  ["idle", "blinks and breathes"], ["lookAtCursor", "looks at the cursor"], ["hologram", "hologram"],
] as const;

/** "mouthSmileLeft" as "mouth smile left". */
export function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

export class Panel {
  readonly root: HTMLElement;
  private readonly sliders = new Map<string, HTMLInputElement>();
  private readonly play: HTMLButtonElement;

  constructor(private readonly avatar: HeadsmithAvatar) {
    this.play = make("button", { type: "button", click: () => void this.togglePlay() }, "Play");
    this.root = make("section", { part: "panel", class: "panel", "aria-label": "Controls of the avatar" },
      this.look(), ...this.motions(), this.presets(), ...this.groups());
    this.update();
  }

  /** Shows what the avatar is told to do at present. */
  update(): void {
    const weights = this.avatar.weights;
    for (const [name, slider] of this.sliders) slider.value = String(weights[name] ?? 0);
    this.play.textContent = this.avatar.playing ? "Pause" : "Play";
    for (const box of this.root.querySelectorAll<HTMLInputElement>("input[data-property]")) {
      box.checked = Boolean(this.avatar[box.dataset.property as "idle"]);
    }
    for (const radio of this.root.querySelectorAll<HTMLInputElement>("input[name=show]")) {
      radio.checked = radio.value === this.avatar.show;
    }
  }

  private look(): HTMLElement {
    const shows: Show[] = this.avatar.hasSplats ? ["splats", "mesh", "both"] : ["mesh"];
    const radios = shows.map((value) =>
      make("label", {}, make("input", { type: "radio", name: "show", value, change: () => (this.avatar.show = value) }),
        ` ${value}`));
    const boxes = CHOICES.map(([property, text]) => make("label", {}, make("input", {
      type: "checkbox", "data-property": property,
      change: (event) => (this.avatar[property] = (event.target as HTMLInputElement).checked),
    }), ` ${text}`));
    return make("fieldset", {}, make("legend", {}, "Show"), ...radios, ...boxes,
      make("button", { type: "button", click: () => this.avatar.resetView() }, "Look from the front"));
  }

  private motions(): HTMLElement[] {
    const { motions } = this.avatar;
    if (!motions.length) return [];
    const choice = make("select", { "aria-label": "Motion", change: () => void this.avatar.play(choice.value) },
      ...motions.map((name) => make("option", { value: name }, name)));
    return [make("fieldset", {}, make("legend", {}, "Motion"), choice, this.play,
      make("button", { type: "button", click: () => this.avatar.stop() }, "Stop"))];
  }

  private async togglePlay(): Promise<void> {
    if (this.avatar.playing) this.avatar.pause();
    else await this.avatar.play(this.root.querySelector<HTMLSelectElement>("select[aria-label=Motion]")!.value);
  }

  private presets(): HTMLElement {
    const choice = make("select", { "aria-label": "Expression", change: () => this.avatar.setExpression(choice.value) },
      ...this.avatar.expressions.map((name) => make("option", { value: name }, name)));
    return make("fieldset", {}, make("legend", {}, "Expression"), choice, make("button", {
      type: "button",
      click: () => {
        this.avatar.resetWeights();
        choice.value = "neutral";
      },
    }, "Reset"));
  }

  private groups(): HTMLElement[] {
    const left = new Set(this.avatar.blendshapes);
    return GROUPS.map(([title, pattern], index) => {
      const names = [...left].filter((name) => pattern.test(name));
      names.forEach((name) => left.delete(name));
      return make("details", { open: index === 2 }, make("summary", {}, `${title} (${names.length})`),
        ...names.map((name) => this.slider(name)));
    }).filter((group) => group.childElementCount > 1);
  }

  private slider(name: string): HTMLElement {
    const [min, max] = this.avatar.rangeOf(name);
    const input = make("input", {
      type: "range", min, max, step: 0.01, "data-blendshape": name,
      input: () => this.avatar.setWeights({ [name]: Number(input.value) }),
    });
    this.sliders.set(name, input);
    return make("label", { class: "slider" }, make("span", {}, words(name)), input);
  }
}
