import { expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { itemOf } from "./logs.ts";

it("reads lines of both streams", () => {
  expect(itemOf('{"value":{"Type":1,"Line":"out\\n"}}')).toEqual({ stream: "stdout", text: "out\n" });
  expect(itemOf('{"value":{"Type":2,"Line":"err"}}')).toEqual({ stream: "stderr", text: "err" });
  // Lines of several executions name theirs; Bacalhau's lines do not have the field.
  expect(itemOf('{"value":{"Type":2,"Line":"err","ExecutionID":"e-1"}}')).toStrictEqual({
    ...{ stream: "stderr", text: "err" },
    executionId: "e-1",
  });
  expect(itemOf('{"value":{"Type":1,"Line":""}}')).toStrictEqual({ stream: "stdout", text: "" });
});

it("reads an error frame", () => {
  const item = itemOf('{"error":"no executions found for job x"}');
  expect(item).toBeInstanceOf(ApiError);
  expect(item).toMatchObject({ status: 0, code: "NotFound", message: "no executions found for job x" });
});

it.each(["", "{", "[]", '{"value":{"Type":3,"Line":"x"}}', '{"value":{"Type":1}}', "null", undefined])(
  "refuses %s",
  (frame) => {
    expect(itemOf(frame)).toBeInstanceOf(ApiError);
    expect(itemOf(frame)).toMatchObject({ code: "InternalError" });
  },
);
