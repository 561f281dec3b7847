/**
 * Numbers for what peers say: equal messages on equal ways have one number, so that a state holds what is in flight as a sorted
 * list of numbers. Messages are compared as they would stand on the wire.
 */
import type { Message } from "../../protocols/mod.ts";
import { must } from "./small-world.ts";

export interface Mail {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

export class Post {
  readonly #byText = new Map<string, Mail>();
  readonly #byId: Mail[] = [];

  put(from: number, to: number, message: Message): Mail {
    const text = `${from}>${to} ${JSON.stringify(message)}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const mail = { id: this.#byId.length, from, to, message };
    this.#byText.set(text, mail);
    this.#byId.push(mail);
    return mail;
  }
  get(id: number): Mail {
    return must(this.#byId[id]);
  }
  get size(): number {
    return this.#byId.length;
  }
}
