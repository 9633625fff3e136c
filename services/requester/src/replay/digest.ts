import { hash } from "node:crypto";

/** The SHA-256 of bytes as a text of 32 characters, one for each byte: the shortest that can be compared at once. */
export const digest = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");
