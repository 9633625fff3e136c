import { type BehaviourSection, shown, testsOf } from "../behaviour.ts";

const logs = testsOf("services/requester/src/http/logs/logs.test.ts");
const slow = testsOf("services/requester/src/http/logs/slow-readers.test.ts");
const marks = testsOf("services/requester/src/http/logs/line-writer.test.ts");
const shipper = testsOf("services/compute/src/logs/log-shipper.test.ts");
const stream = testsOf("libs/core/src/testing/contracts/log-stream.contract.ts");
const client = testsOf("libs/client/src/follow-logs.test.ts");

/** Output of executions. */
export const output: BehaviourSection = {
  title: "Logs",
  rows: [
    shown(
      "Output is streamed while it is written, and to its end.",
      logs("is streamed as it is written, and ends when the execution has ended and all is sent"),
    ),
    shown(
      "Output stays available after the end, of all executions of the job in order.",
      logs("is streamed when the job has ended, of all its executions, in order"),
      testsOf("test/int/api.test.ts")("serves the output of a finished and of a running job"),
    ),
    shown(
      "Output does not need its node: it is stored in the cluster.",
      stream("…, as a log stream > delivers stored output, calls caughtUp, and continues with new output"),
      stream("…, as a log stream > separates executions"),
    ),
    shown(
      "A reader that follows a job waits for its first execution, and goes on with the next one after a failure.",
      logs("is waited for when nothing runs yet"),
      logs("continues with the next execution when one fails"),
    ),
    shown(
      "A tail leaves out what was written before.",
      logs("leaves out earlier output when only the tail is requested"),
    ),
    shown(
      "One execution is chosen by its id or a prefix.",
      logs("is streamed for one execution, by a prefix of its id, and ends with it"),
    ),
    shown(
      "Standard output and standard error are marked.",
      logs("is streamed when the job has ended, of all its executions, in order"),
      testsOf("apps/cli/src/commands/job/logs.test.ts")("prints both streams of the output to their own stream"),
    ),
    shown(
      "A request for logs is always upgraded, and an error is sent on the socket.",
      logs("is sent on the socket: %s"),
    ),
    shown(
      "Output over the rate is dropped with a visible mark, and never slows the task.",
      shipper("drops output over the rate, and continues at its place when tokens are available"),
      testsOf("libs/nats/src/logs/logs.int.test.ts")("drops output over the rate, and continues later at its place"),
      marks("is marked in stderr with the number of bytes, between the lines around it"),
    ),
    shown(
      "Where old output is no longer stored, a reader sees a mark with the number of bytes.",
      marks("is marked at the beginning and at the end"),
      testsOf("services/requester/src/http/logs/logs.test.ts")("has a mark where old output is no longer stored"),
      testsOf("services/requester/src/http/logs/logs.test.ts")(
        "has a mark when none of it is stored, and the execution had some",
      ),
    ),
    shown(
      "A slow reader slows nothing: its buffer is bounded, and it is disconnected when it reads nothing.",
      slow("makes the service buffer no more than its share, while others continue"),
      slow("is disconnected when it has accepted nothing between two pings"),
    ),
    shown(
      "A client goes on at another requester, and ends with an error when the stream breaks.",
      client("comes from the next requester when one does not answer"),
      client("ends with an error when the stream is interrupted, after the output received so far"),
    ),
    shown(
      "The command line mixes the executions of a job that run at once, each line with its execution, or prints one stream.",
      testsOf("apps/cli/src/commands/job/logs.test.ts")(
        "mixes the lines of several executions, each with its execution, unless one is chosen",
      ),
      testsOf("apps/cli/src/commands/job/logs.test.ts")("prints one of the streams"),
    ),
  ],
};
