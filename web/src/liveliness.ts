// What a head does by itself: it blinks, breathes, and looks at the cursor.
import { Euler, Quaternion, Vector3 } from "three";
import type { Pose } from "./pose.js";

const BLINK_EVERY_S = [2, 6] as const;
/** closing, closed and opening: lids close about twice as fast as they open */
const BLINK_S = [0.07, 0.03, 0.15] as const;
const BREATH_S = 4.2;
const BREATH_PITCH_RAD = (0.35 * Math.PI) / 180;
const BREATH_LIFT_M = 0.0012;

/** How far lids are closed, 0..1, so many seconds after a blink began. */
export function lidsAfter(seconds: number): number {
  const [closing, closed, opening] = BLINK_S;
  if (seconds < 0) return 0;
  if (seconds < closing) return seconds / closing;
  return Math.min(1, Math.max(0, 1 - (seconds - closing - closed) / opening));
}

/** Blinks now and then, and breathes. */
export class Idle {
  private blinkAt_s = 1.5;
  private readonly turn = new Quaternion();

  apply(pose: Pose, now_s: number): void {
    if (now_s > this.blinkAt_s + BLINK_S[0] + BLINK_S[1] + BLINK_S[2]) {
      const [least, most] = BLINK_EVERY_S;
      this.blinkAt_s = now_s + least + Math.random() * (most - least);
    }
    const lids = lidsAfter(now_s - this.blinkAt_s);
    pose.add("eyeBlinkLeft", lids);
    pose.add("eyeBlinkRight", lids);
    const breath = Math.sin((2 * Math.PI * now_s) / BREATH_S);
    pose.turn("neck", this.turn.setFromEuler(new Euler(-BREATH_PITCH_RAD * breath, 0, 0)));
    pose.translation.y += BREATH_LIFT_M * breath;
  }
}

/** how much of the way the head turns; the eyes do the rest */
const HEAD_SHARE = 0.55;
const HEAD_MOST_RAD = [0.45, 0.3] as const;
const EYES_MOST_RAD = 0.5;
const SETTLE_S = 0.12;

/** Head and eyes turned towards a point, a little behind it as people are. */
export class Gaze {
  /** in head space, metres; straight ahead where there is none */
  target: Vector3 | null = null;
  private yaw = 0;
  private pitch = 0;
  private readonly turn = new Quaternion();

  /** Whether it is still on its way. */
  get moving(): boolean {
    const [yaw, pitch] = this.wanted();
    return Math.abs(yaw - this.yaw) + Math.abs(pitch - this.pitch) > 1e-3;
  }

  apply(pose: Pose, passed_s: number): void {
    const [yaw, pitch] = this.wanted(), part = 1 - Math.exp(-passed_s / SETTLE_S);
    this.yaw += (yaw - this.yaw) * part;
    this.pitch += (pitch - this.pitch) * part;
    const headYaw = within(HEAD_SHARE * this.yaw, HEAD_MOST_RAD[0]);
    const headPitch = within(HEAD_SHARE * this.pitch, HEAD_MOST_RAD[1]);
    pose.turn("neck", this.turn.setFromEuler(new Euler(-headPitch, headYaw, 0, "YXZ")));
    const aside = within(this.yaw - headYaw, EYES_MOST_RAD) / EYES_MOST_RAD;
    const up = within(this.pitch - headPitch, EYES_MOST_RAD) / EYES_MOST_RAD;
    // the subject's left is +X
    pose.add("eyeLookOutLeft", Math.max(0, aside));
    pose.add("eyeLookInRight", Math.max(0, aside));
    pose.add("eyeLookInLeft", Math.max(0, -aside));
    pose.add("eyeLookOutRight", Math.max(0, -aside));
    for (const side of ["Left", "Right"]) {
      pose.add(`eyeLookUp${side}`, Math.max(0, up));
      pose.add(`eyeLookDown${side}`, Math.max(0, -up));
    }
  }

  private wanted(): [number, number] {
    if (!this.target) return [0, 0];
    const { x, y, z } = this.target;
    return [Math.atan2(x, Math.max(z, 0.05)), Math.atan2(y, Math.hypot(x, Math.max(z, 0.05)))];
  }
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}
