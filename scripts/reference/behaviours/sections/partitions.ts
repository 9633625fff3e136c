import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const objects = testsOf("libs/core/src/input/object-partition.test.ts");
const property = testsOf("libs/core/src/job/job.property.test.ts");
const decide = testsOf("libs/core/src/job/decide.test.ts");
const entity = testsOf("libs/core/src/job/entity.test.ts");

/** Jobs in several partitions, and how objects are divided among them. */
export const partitions: BehaviourSection = {
  title: "Partitions",
  rows: [
    shown(
      "A job with a count of n has the partitions 0 to n-1.",
      testsOf("libs/core/src/job/job-types/batch.contract.test.ts")(
        "batch has a slot for each partition, named by its decimal number",
      ),
      testsOf("test/scenarios/scenarios.test.ts")("$description", "a job of two partitions runs on two nodes"),
    ),
    shown(
      "A partition has one live execution at most, and one completed at most in each version.",
      property("a slot has one live execution at most, one completed at most in each version, and none after that"),
    ),
    shown(
      "A retry keeps the partition, and names the attempt before it.",
      entity("has its output and its error code when it failed, and the attempts before and after it"),
      decide("has the previous attempt when it places a retry"),
    ),
    shown(
      "A job completes when every partition has completed.",
      property("a job completes only when every partition has"),
      decide("do not complete the job before every partition is done"),
    ),
    shown(
      "Objects of an S3 input are divided among the partitions, each to one.",
      testsOf("services/compute/src/sources/s3/s3.test.ts")("are divided among the partitions, each once"),
    ),
    shown("Without a rule every partition gets every object.", objects("is every one without a rule")),
    shown(
      "The partition of an object is the 32-bit FNV-1a hash of its key modulo the count.",
      objects("is the FNV-1a hash of %o modulo the count"),
    ),
    shown(
      "The source's own prefix is no part of the key that is hashed.",
      objects("does not depend on the source's key: %s of %s"),
    ),
    shown(
      "A pattern divides by its groups, or by the whole match without groups.",
      objects("joins the groups"),
      objects("takes the whole match when there is no group"),
      objects("takes a group that took no part as empty"),
    ),
    shown(
      "A substring divides by the characters from start to end.",
      objects("takes the characters from start to end, after the prefix"),
    ),
    shown(
      "A date is read from the key and divides by its layout.",
      objects("by date > %s counts"),
      objects("takes a part of the key"),
    ),
    shown(
      "What a rule does not match is in partition 0.",
      objects("is 0 without a match"),
      objects("is 0 for a shorter key"),
      objects("by date > %s is partition 0"),
    ),
    shown(
      "Keys that stand for folders are left out.",
      testsOf("services/compute/src/sources/s3/s3.test.ts")(
        "keep their paths below the folder of the key, over several pages",
      ),
    ),
  ],
};
