// raw-socket 1.8.1 has no types of its own. This is the part of it that heird uses.

declare module "raw-socket" {
  import type { Buffer } from "node:buffer";

  /** The native half. Its calls are synchronous and throw Error(strerror). */
  export type SocketWrap = {
    on(event: "recvReady" | "sendReady" | "close", listener: () => void): SocketWrap;
    on(event: "error", listener: (error: Error) => void): SocketWrap;
    emit(event: "recvReady"): boolean;
    removeAllListeners(event: string): SocketWrap;
    send(buffer: Buffer, offset: number, length: number, address: string, sent: (bytes: number) => void): SocketWrap;
    setOption(level: number, option: number, value: number): SocketWrap;
    setOption(level: number, option: number, value: Buffer, length: number): SocketWrap;
    getOption(level: number, option: number, value: Buffer, length: number): number;
    /** Whether it is not to tell that something can be read, or sent. */
    pause(receiving: boolean, sending: boolean): SocketWrap;
    close(): SocketWrap;
  };

  export type Socket = { readonly wrap: SocketWrap };

  /** `addressFamily` is 1 for IPv4 and 2 for IPv6. */
  export function createSocket(options: { protocol: number; addressFamily: 1 | 2; bufferSize: number }): Socket;
}
