// The C library, as far as heird needs it, and the only file that knows what a pointer is.
//
// Every function gives the call's result, or the errno as a negative number. Nothing here waits:
// each socket is non-blocking. Buffers that the kernel keeps pointing at live in slabs of their
// own, because a small typed array may be moved by the garbage collector.

import { close as closeInPool } from "node:fs";
import { endianness } from "node:os";
import { address, errno, load, node, sizeof } from "koffi";

// The layouts below (msghdr, cmsghdr, timespec, itimerspec) are those of 64-bit little-endian Linux.
if (process.platform !== "linux") throw new Error(`agent/linux needs Linux, this is ${process.platform}`);
if (endianness() !== "LE" || sizeof("void *") !== 8 || sizeof("long") !== 8)
  throw new Error("agent/linux knows the kernel's structures of 64-bit little-endian machines only");

const libc = load(null);

const libcSocket = libc.func("int socket(int domain, int type, int protocol)");
const libcClose = libc.func("int close(int fd)");
const libcBind = libc.func("int bind(int fd, void *name, uint32 length)");
const libcConnect = libc.func("int connect(int fd, void *name, uint32 length)");
const libcGetsockname = libc.func("int getsockname(int fd, void *name, _Inout_ uint32 *length)");
const libcSetns = libc.func("int setns(int fd, int kind)");
const libcSend = libc.func("intptr_t send(int fd, void *bytes, size_t length, int flags)");
const libcSendto = libc.func(
  "intptr_t sendto(int fd, void *bytes, size_t length, int flags, void *name, uint32 nameLength)",
);
const libcSendmmsg = libc.func("int sendmmsg(int fd, void *messages, uint32 count, int flags)");
const libcRecv = libc.func("intptr_t recv(int fd, void *bytes, size_t length, int flags)");
const libcRecvmmsg = libc.func("int recvmmsg(int fd, void *messages, uint32 count, int flags, void *timeout)");
const libcRecvmsg = libc.func("intptr_t recvmsg(int fd, void *message, int flags)");
const libcRead = libc.func("intptr_t read(int fd, void *bytes, size_t length)");
const libcGetsockopt = libc.func("int getsockopt(int fd, int level, int option, void *value, _Inout_ uint32 *length)");
const libcSetsockopt = libc.func("int setsockopt(int fd, int level, int option, void *value, uint32 length)");
const libcFcntl = libc.func("int fcntl(int fd, int command, int argument)");
const libcFlock = libc.func("int flock(int fd, int operation)");
const libcPrctl = libc.func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)");
const libcSetscheduler = libc.func("int sched_setscheduler(int pid, int policy, void *parameter)");
const libcTimerfdCreate = libc.func("int timerfd_create(int clock, int flags)");
const libcTimerfdSettime = libc.func("int timerfd_settime(int fd, int flags, void *value, void *old)");
const libcClockGettime = libc.func("int clock_gettime(int clock, void *time)");
const libcNanosleep = libc.func("int nanosleep(void *span, void *left)");
const libcAdjtimex = libc.func("int adjtimex(void *timex)");
const libcPipe = libc.func("int pipe2(void *ends, int flags)");
const libcIoctl = libc.func("int ioctl(int fd, ulong request, void *value)");
const libcInotifyInit = libc.func("int inotify_init1(int flags)");
const libcInotifyAdd = libc.func("int inotify_add_watch(int fd, str path, uint32 mask)");
const libcMkfifo = libc.func("int mkfifo(str path, uint32 mode)");
const libcMadvise = libc.func("int madvise(uintptr_t from, size_t length, int advice)");
const libcGetpagesize = libc.func("int getpagesize()");
const libcMlock2 = ifThere("int mlock2(uintptr_t from, size_t length, uint32 flags)");
const libcMallocTrim = ifThere("int malloc_trim(size_t left)");
const libcExit = libc.func("void _exit(int code)");
const libcStrerror = libc.func("str strerror(int number)");

/** Not every C library has it; -1 for one that has not. */
function ifThere(prototype: string): (...given: readonly number[]) => number {
  try {
    return libc.func(prototype);
  } catch {
    return () => -1;
  }
}

const checked = (result: number): number => (result < 0 ? -errno() : result);

/** Ends the process here and now: nothing that waits is written, no thread is waited for. */
export const exitNow = (code: number): void => void libcExit(code);
/** The C library's words for an errno. */
export const messageOf = (number: number): string => String(libcStrerror(number));

export const socket = (domain: number, type: number, protocol: number): number =>
  checked(libcSocket(domain, type, protocol));
export const close = (fd: number): number => checked(libcClose(fd));
/** For packet sockets: to close one waits until nobody can be sending through it, 5 to 15 ms. */
export const closeAside = (fd: number): void => closeInPool(fd, () => undefined);
export const bind = (fd: number, name: Uint8Array): number => checked(libcBind(fd, name, name.length));
export const connect = (fd: number, name: Uint8Array): number => checked(libcConnect(fd, name, name.length));
/** Fills `name` with the socket's own address. */
export const ownName = (fd: number, name: Uint8Array): number => checked(libcGetsockname(fd, name, [name.length]));
/** Moves the calling thread, which here is always the main thread, into the namespace behind a descriptor. */
export const enterNetwork = (fd: number): number => checked(libcSetns(fd, CLONE_NEWNET));
export const send = (fd: number, bytes: Uint8Array, length: number): number =>
  checked(libcSend(fd, bytes, length, MSG_DONTWAIT));
export const sendTo = (fd: number, bytes: Uint8Array, name: Uint8Array): number =>
  checked(libcSendto(fd, bytes, bytes.length, MSG_DONTWAIT, name, name.length));
/** Gives the whole length of the message, even when `bytes` was too short for it. */
export const receive = (fd: number, bytes: Uint8Array): number =>
  checked(libcRecv(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_TRUNC));
export const read = (fd: number, bytes: Uint8Array): number => checked(libcRead(fd, bytes, bytes.length));
/** Fills `value` and gives how much of it is filled. */
export function getOption(fd: number, level: number, option: number, value: Uint8Array): number {
  const length = [value.length];
  const result = checked(libcGetsockopt(fd, level, option, value, length));
  return result < 0 ? result : (length[0] ?? 0);
}
export const setOption = (fd: number, level: number, option: number, value: Uint8Array): number =>
  checked(libcSetsockopt(fd, level, option, value, value.length));
/** Installs a classic BPF program, 8 bytes an instruction, in place of the one before. */
export function attachFilter(fd: number, program: Uint8Array): number {
  // struct sock_fprog: how many, and where.
  const fprog = new DataView(new ArrayBuffer(128), 0, 16);
  fprog.setUint16(0, program.length / 8, true);
  fprog.setBigUint64(8, address(program), true);
  return setOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(fprog.buffer, 0, 16));
}
export const setCloseOnExec = (fd: number): number => checked(libcFcntl(fd, F_SETFD, FD_CLOEXEC));
/** Exclusive and without waiting: -EAGAIN when somebody else has it. */
export const lockExclusively = (fd: number): number => checked(libcFlock(fd, LOCK_EX | LOCK_NB));
export const prctl = (option: number, argument: number): number => checked(libcPrctl(option, argument, 0, 0, 0));
/** Of the calling thread alone, which here is always the main thread. */
export const setScheduler = (policy: number, priority: number): number =>
  checked(libcSetscheduler(0, policy, Int32Array.of(priority)));
export const timerCreate = (): number => checked(libcTimerfdCreate(CLOCK_MONOTONIC, SOCK_NONBLOCK | SOCK_CLOEXEC));
/** `value` is an itimerspec: interval and first expiry, each seconds and nanoseconds of 64 bits. */
export const timerSet = (fd: number, value: Uint8Array): number =>
  checked(libcTimerfdSettime(fd, TFD_TIMER_ABSTIME, value, null));

/** `ends` has room for two descriptors: what is written to the second is read from the first. */
export const pipe = (ends: Int32Array): number => checked(libcPipe(ends, SOCK_CLOEXEC));
/** How many bytes a pipe has for whoever reads it; fills `value`. */
export const unread = (fd: number, value: Int32Array): number => checked(libcIoctl(fd, FIONREAD, value));
export const inotify = (): number => checked(libcInotifyInit(SOCK_NONBLOCK | SOCK_CLOEXEC));
export const inotifyAdd = (fd: number, path: string, mask: number): number => checked(libcInotifyAdd(fd, path, mask));
export const makeFifo = (path: string, mode: number): number => checked(libcMkfifo(path, mode));

/** Addresses are below 2 ** 47, so a number holds them. What is not in a file is lost. */
export const dontNeed = (from: number, length: number): number => checked(libcMadvise(from, length, MADV_DONTNEED));
/** What is touched of it stays in memory from now on; false where that is not allowed. */
export const lockOnFault = (from: number, length: number): boolean => libcMlock2(from, length, MLOCK_ONFAULT) === 0;
/** Gives what is free at the end of the C library's heaps, and between, back to the kernel. */
export const trimHeap = (): void => void libcMallocTrim(0);
export const pageSize = (): number => libcGetpagesize();

export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EMSGSIZE = 90;
const FIONREAD = 0x541b;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const CLONE_NEWNET = 0x40000000;
const LOCK_EX = 2;
const LOCK_NB = 4;
const MADV_DONTNEED = 4;
const MLOCK_ONFAULT = 1;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const TFD_TIMER_ABSTIME = 1;

/** Fills a struct timex; gives the state of the clock, 0..5. */
export const adjtimex = (timex: DataView): number => checked(libcAdjtimex(timex));

const wallTime = new DataView(new ArrayBuffer(128), 0, 16);
/** Wall-clock time in microseconds, with the nanoseconds as a fraction. Steps when somebody sets the clock. */
export function wallClock(): number {
  libcClockGettime(CLOCK_REALTIME, wallTime);
  return timespecMicroseconds(wallTime, 0);
}

const restTime = new DataView(new ArrayBuffer(128), 0, 16);
/** Lets the thread sleep; a signal ends that early. `microseconds` below a second. */
export function rest(microseconds: number): void {
  restTime.setUint32(8, microseconds * 1_000, true);
  libcNanosleep(restTime, null);
}

/** A struct timespec in microseconds; 2 ** 32 keeps it right after 2106. */
export const timespecMicroseconds = (view: DataView, offset: number): number =>
  (view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true)) * 1e6 +
  view.getUint32(offset + 8, true) / 1e3;

/** Where recvmsg puts what it reads: the message, who sent it, and what the kernel says about it. */
export type MessageBuffer = {
  /** Reads one message; its length, or a negative errno. */
  readonly receive: (fd: number) => number;
  readonly bytes: Uint8Array;
  /** The sender's sockaddr. */
  readonly name: Uint8Array;
  readonly control: DataView;
  /** How much of `control` the last message filled. */
  readonly controlLength: () => number;
  /** MSG_TRUNC and its like, of the last message. */
  readonly flags: () => number;
};

/** A buffer for recvmsg. One for all sockets will do: nothing in it outlives the reading of the next message. */
export function messageBuffer(length: number): MessageBuffer {
  // msghdr at 0 (56 bytes), iovec at 64 (16), sockaddr at 96 (28), control at 128 (384), data at 512.
  const slab = new ArrayBuffer(512 + length);
  const base = address(new Uint8Array(slab));
  const header = new DataView(slab, 0, 96);
  const name = new Uint8Array(slab, 96, 28);
  const control = new DataView(slab, 128, 384);
  header.setBigUint64(0, base + 96n, true);
  header.setBigUint64(16, base + 64n, true);
  header.setBigUint64(24, 1n, true);
  header.setBigUint64(32, base + 128n, true);
  header.setBigUint64(64, base + 512n, true);
  header.setBigUint64(72, BigInt(length), true);
  return {
    bytes: new Uint8Array(slab, 512, length),
    name,
    control,
    controlLength: () => header.getUint32(40, true),
    flags: () => header.getUint32(48, true),
    receive(fd) {
      header.setUint32(8, name.length, true);
      header.setUint32(40, control.byteLength, true);
      return checked(libcRecvmsg(fd, header, MSG_DONTWAIT));
    },
  };
}

/**
 * Buffers for several datagrams at once, with who sent each and what the kernel says about it. Everything lies in one
 * piece of memory, and is found by its place there.
 */
export type DatagramBatch = {
  /** How many came, or a negative errno. Fewer than `count` means that there were no more. */
  readonly receive: (fd: number) => number;
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where one of them begins, the sockaddr of its sender, and its control messages. */
  readonly dataAt: (i: number) => number;
  readonly nameAt: (i: number) => number;
  readonly controlAt: (i: number) => number;
  /** How much of each the last call filled. */
  readonly lengthOf: (i: number) => number;
  readonly controlLengthOf: (i: number) => number;
  /** MSG_TRUNC and its like. */
  readonly flagsOf: (i: number) => number;
};

/** One batch for all sockets will do: nothing in it outlives the next call. What nobody fills takes no memory. */
export function datagramBatch(count: number, length: number): DatagramBatch {
  // struct mmsghdr, 64 bytes each: a msghdr (56) and how long the message was. Then iovecs (16), sockaddrs (28 of 32),
  // control messages, data.
  const [NAME, CONTROL] = [28, 128];
  const [vectors, names, controls, data] = [count * 64, count * 80, count * 112, count * (112 + CONTROL)];
  const slab = new ArrayBuffer(data + count * length);
  const bytes = new Uint8Array(slab);
  const view = new DataView(slab);
  const base = address(bytes);
  const place = (at: number, where: number): void => view.setBigUint64(at, base + BigInt(where), true);
  for (let i = 0; i < count; i++) {
    place(i * 64, names + i * 32);
    place(i * 64 + 16, vectors + i * 16);
    view.setBigUint64(i * 64 + 24, 1n, true);
    place(i * 64 + 32, controls + i * CONTROL);
    place(vectors + i * 16, data + i * length);
    view.setBigUint64(vectors + i * 16 + 8, BigInt(length), true);
  }
  let used = count;
  return {
    receive(fd) {
      // The kernel has written over how much room there was.
      for (let i = 0; i < used; i++) {
        view.setUint32(i * 64 + 8, NAME, true);
        view.setUint32(i * 64 + 40, CONTROL, true);
      }
      const received = checked(libcRecvmmsg(fd, bytes, count, MSG_DONTWAIT, null));
      used = Math.max(0, received);
      return received;
    },
    count,
    bytes,
    view,
    dataAt: (i) => data + i * length,
    nameAt: (i) => names + i * 32,
    controlAt: (i) => controls + i * CONTROL,
    lengthOf: (i) => view.getUint32(i * 64 + 56, true),
    controlLengthOf: (i) => view.getUint32(i * 64 + 40, true),
    flagsOf: (i) => view.getUint32(i * 64 + 48, true),
  };
}

/** Buffers for several messages at once; a call costs as much as two messages. */
export type MessageBatch = {
  /** How many came. */
  readonly receive: (fd: number) => number;
  /** One of them; undefined when it was longer than its buffer. */
  readonly at: (place: number) => Uint8Array | undefined;
};

/** Buffers for `count` messages of at most `length` bytes. What nobody fills takes no memory. */
export function messageBatch(count: number, length: number): MessageBatch {
  // struct mmsghdr, 64 bytes each: a msghdr (56) and how long the message was. Then iovecs (16), then the data.
  const [vectors, data] = [count * 64, count * 80];
  const slab = new ArrayBuffer(data + count * length);
  const bytes = new Uint8Array(slab);
  const base = address(bytes);
  const headers = new DataView(slab, 0, data);
  for (let i = 0; i < count; i++) {
    headers.setBigUint64(i * 64 + 16, base + BigInt(vectors + i * 16), true);
    headers.setBigUint64(i * 64 + 24, 1n, true);
    headers.setBigUint64(vectors + i * 16, base + BigInt(data + i * length), true);
    headers.setBigUint64(vectors + i * 16 + 8, BigInt(length), true);
  }
  return {
    receive: (fd) => checked(libcRecvmmsg(fd, bytes, count, MSG_DONTWAIT, null)),
    at: (i) =>
      (headers.getUint32(i * 64 + 48, true) & MSG_TRUNC) !== 0
        ? undefined
        : bytes.subarray(data + i * length, data + i * length + headers.getUint32(i * 64 + 56, true)),
  };
}

/** Room for several messages to one address, which leave by one call. */
export type SendBatch = {
  /** The sockaddr of all of them. */
  readonly name: Uint8Array;
  /**
   * Sends `messages`, one behind the other and each so long, from the one of that number on. How many of them left, or
   * what the first failed with.
   */
  readonly send: (fd: number, messages: Uint8Array, length: number, from: number) => number;
};

/** Buffers for `most` messages of at most `longest` bytes, and for a name of `nameLength`. */
export function sendBatch(most: number, longest: number, nameLength: number): SendBatch {
  // struct mmsghdr, 64 bytes each; then iovecs (16), the name (128), the data.
  const [vectors, nameAt] = [most * 64, most * 80];
  const data = nameAt + 128;
  const slab = new ArrayBuffer(data + most * longest);
  const bytes = new Uint8Array(slab);
  const base = address(bytes);
  const headers = new DataView(slab, 0, nameAt);
  const from = Array.from({ length: most }, (_, i) => bytes.subarray(i * 64));
  for (let i = 0; i < most; i++) {
    headers.setBigUint64(i * 64, base + BigInt(nameAt), true);
    headers.setUint32(i * 64 + 8, nameLength, true);
    headers.setBigUint64(i * 64 + 16, base + BigInt(vectors + i * 16), true);
    headers.setBigUint64(i * 64 + 24, 1n, true);
  }
  let laid = 0;
  const layFor = (length: number): void => {
    for (let i = 0; i < most; i++) {
      headers.setBigUint64(vectors + i * 16, base + BigInt(data + i * length), true);
      headers.setBigUint64(vectors + i * 16 + 8, BigInt(length), true);
    }
    laid = length;
  };
  return {
    name: bytes.subarray(nameAt, nameAt + nameLength),
    send(fd, messages, length, first) {
      if (length > longest || messages.length > most * length) return -EMSGSIZE;
      if (laid !== length) layFor(length);
      if (first === 0) bytes.set(messages, data);
      const rest = from[first];
      return rest === undefined ? 0 : checked(libcSendmmsg(fd, rest, messages.length / length - first, MSG_DONTWAIT));
    },
  };
}

/**
 * Runs a callback that native code called. An exception that went back there would lie about until some
 * later garbage collection aborts the process without a word; it is thrown from the loop instead.
 */
export function uncaught(act: () => void): void {
  try {
    act();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

/** Handles that nobody holds are collected, and their descriptor falls silent. */
const watched = new Set<node.PollHandle>();

// The published type has one argument; the function is called with two, the status first.
type OnPoll = (status: unknown) => void;

/**
 * Calls `ready` whenever `fd` can be read; returns how to stop, which must come before closing `fd`.
 * The descriptor must be a socket or a timer: anything else aborts the process.
 *
 * A pending socket error (a netlink overflow) makes libuv stop watching and say EBADF. `ready` reads
 * the error off the socket, and the watch begins again: otherwise one overflow would be the last
 * thing ever heard.
 */
export function whenReadable(fd: number, ready: () => void): () => void {
  if (!(fd > 2)) throw new RangeError(`${fd} is no descriptor to watch`);
  const heard: OnPoll = (status) => {
    if (typeof status === "number" && status < 0 && watched.has(handle)) handle.start({ readable: true }, heard);
    uncaught(ready);
  };
  const handle = node.poll(fd, { readable: true }, heard);
  watched.add(handle);
  return () => {
    if (watched.delete(handle)) handle.close();
  };
}
