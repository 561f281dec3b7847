/** How many messages each peer sent and was sent, and their bytes: who carries the load. Counted at the links, also of what is lost there. */
export class Tally {
  readonly #sent: Float64Array;
  readonly #received: Float64Array;
  messages = 0;
  bytes = 0;

  constructor(peers: number) {
    this.#sent = new Float64Array(peers);
    this.#received = new Float64Array(peers);
  }

  count(from: number, to: number, bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
    this.#sent[from] = (this.#sent[from] ?? 0) + 1;
    this.#received[to] = (this.#received[to] ?? 0) + 1;
  }

  /** Sent and received by one peer. */
  of(peer: number): number {
    return (this.#sent[peer] ?? 0) + (this.#received[peer] ?? 0);
  }
  /** The peer with the most messages, of the first ones when there are several. */
  get busiest(): number {
    let busiest = 0;
    for (let peer = 1; peer < this.#sent.length; peer++) if (this.of(peer) > this.of(busiest)) busiest = peer;
    return busiest;
  }
}
