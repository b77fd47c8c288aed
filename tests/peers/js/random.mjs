// A seeded generator, so that a failure can be seen again (xorshift128+ would do; this is splitmix32).
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  }

  below(n) {
    return this.next() % n;
  }

  chance(percent) {
    return this.below(100) < percent;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(n) {
    return Uint8Array.from({ length: n }, () => this.below(256));
  }

  text(alphabet, min, max) {
    return Array.from({ length: min + this.below(max - min + 1) }, () => this.pick(alphabet)).join("");
  }
}

export const hex = (bytes) => Buffer.from(bytes).toString("hex");
