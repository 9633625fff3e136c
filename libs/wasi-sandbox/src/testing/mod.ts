export { leb128 } from "../module-reader.ts";
export { fromText, type Pen, program, root } from "./program.ts";
export { onStage, type Stage, textsIn } from "./stage.ts";
