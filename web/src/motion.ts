// A recorded animation, in the small numbers of the exported folder.
import { Quaternion, Vector3 } from "three";
import type { Arrays, MotionEntry } from "./bundle.js";
import type { Pose } from "./pose.js";

const TURN_LEVELS = 32767;
const WEIGHT_LEVELS = 65535;

export class Motion {
  readonly seconds: number;
  private readonly from = new Quaternion();
  private readonly to = new Quaternion();
  private readonly place = new Vector3();
  private readonly nextPlace = new Vector3();

  constructor(private readonly entry: MotionEntry, private readonly arrays: Arrays) {
    this.seconds = entry.frames / entry.fps;
  }

  /** Adds the motion at a time to `pose`; it starts over at its end. */
  apply(pose: Pose, seconds: number): void {
    const { frames, fps, blendshapes, joints } = this.entry;
    const place = (((seconds % this.seconds) + this.seconds) % this.seconds) * fps;
    const frame = Math.min(Math.floor(place), frames - 1), next = Math.min(frame + 1, frames - 1);
    const part = place - frame;
    const { weights, range, translation } = this.arrays;
    blendshapes.forEach((name, k) => {
      const level = weights![k * frames + frame]! * (1 - part) + weights![k * frames + next]! * part;
      const least = range![k]!, most = range![blendshapes.length + k]!;
      pose.add(name, least + ((most - least) * level) / WEIGHT_LEVELS);
    });
    joints.forEach((joint, j) => {
      this.turnAt(j, frame, this.from).slerp(this.turnAt(j, next, this.to), part);
      pose.turn(joint, this.from);
    });
    this.place.fromArray(translation!, 3 * frame).lerp(this.nextPlace.fromArray(translation!, 3 * next), part);
    pose.translation.add(this.place);
  }

  private turnAt(joint: number, frame: number, out: Quaternion): Quaternion {
    const { frames } = this.entry, rotations = this.arrays.rotations!;
    const [w, x, y, z] = [0, 1, 2, 3].map((c) => rotations[(4 * joint + c) * frames + frame]! / TURN_LEVELS);
    return out.set(x!, y!, z!, w!).normalize();
  }
}
