export { type ErrorCode, errors } from "./errors.ts";
