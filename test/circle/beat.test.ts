// A socket that hears much is read on a beat, and watched again when it does not.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { instantAt, milliseconds } from "../../agent/core/time.ts";
import { createBeat } from "../../agent/linux/beat.ts";

/** A socket in which something lies each time it is looked at. */
function socketWith(patience = milliseconds(5)) {
  const told: boolean[] = [];
  const socket = { each: 0, reads: 0, told };
  const beat = createBeat({
    now: () => instantAt(Date.now() * 1_000),
    patience: () => patience,
    watch: (wanted) => told.push(wanted),
    readAll: () => {
      socket.reads += 1;
      beat.read(socket.each);
    },
  });
  return { socket, beat };
}

describe("a socket", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
  afterEach(() => void vi.useRealTimers());

  it("that hears a thousand packets a second is read every so often, and not watched", () => {
    const { socket, beat } = socketWith();
    // 256 in 255 ms are more than a thousand a second.
    for (let i = 0; i < 256; i++) {
      if (i > 0) vi.advanceTimersByTime(1);
      beat.read(1);
    }
    expect(socket.told).toEqual([false]);
    socket.each = 10;
    vi.advanceTimersByTime(1_000);
    expect(socket.reads).toBe(200);
    expect(socket.told).toEqual([false]);
    beat.close();
    vi.advanceTimersByTime(1_000);
    expect(socket.reads).toBe(200);
  });

  it("that falls silent is watched again after a quarter of a second", () => {
    const { socket, beat } = socketWith();
    beat.read(256);
    expect(socket.told).toEqual([false]);
    vi.advanceTimersByTime(249);
    expect(socket.told).toEqual([false]);
    vi.advanceTimersByTime(1);
    expect(socket.told).toEqual([false, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that hears less, or where nothing may lie for a millisecond, is left to the loop", () => {
    const slow = socketWith();
    // One each 1.1 ms, and so 256 in more than 256 ms.
    for (let i = 0; i < 2_560; i++) {
      if (i % 10 === 0) vi.advanceTimersByTime(11);
      slow.beat.read(1);
    }
    const hasty = socketWith(milliseconds(0.5));
    hasty.beat.read(10_000);
    expect([slow.socket.told, hasty.socket.told]).toEqual([[], []]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
