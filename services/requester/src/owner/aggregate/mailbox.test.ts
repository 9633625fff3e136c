import type { Actor } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { Mailbox } from "./mailbox.ts";

const node = (id: string): Actor => ({ type: "node", id });
const filled = (...commands: readonly { readonly command: string; readonly id?: string; readonly actor: Actor }[]) => {
  const mailbox = new Mailbox<string>("j-1");
  const replies = commands.map((given) => mailbox.put(given).catch((failure: unknown) => failure));
  return { mailbox, replies };
};
const commands = (batch: readonly { readonly command: string }[]) => batch.map(({ command }) => command);
const reply = { ok: true, seq: 7, changed: true } as const;

describe("the commands that one commit decides", () => {
  it("are those of one actor, in order; the others keep their order", () => {
    const [a, b] = [node("a"), node("b")];
    const { mailbox } = filled(
      { command: "a1", actor: a },
      { command: "b1", actor: b },
      { command: "a2", actor: { ...a } },
      { command: "b2", actor: b },
    );
    expect(commands(mailbox.take())).toEqual(["a1", "a2"]);
    expect(commands(mailbox.take())).toEqual(["b1", "b2"]);
    expect(mailbox.isEmpty()).toBe(true);
    expect(mailbox.take()).toEqual([]);
  });
  it("are of different actors where type, id or request differ", () => {
    const client: Actor = { type: "client", id: "a" };
    const actors: readonly Actor[] = [node("a"), client, { ...client, requestId: "1" }, { ...client, requestId: "2" }];
    const { mailbox } = filled(...actors.map((actor, index) => ({ command: `${index}`, actor })));
    expect(actors.map(() => commands(mailbox.take()))).toEqual([["0"], ["1"], ["2"], ["3"]]);
  });
  it("are one command where it has an id, and none is decided before it that came later", () => {
    const a = node("a");
    const { mailbox } = filled(
      { command: "first", actor: a },
      { command: "client's", actor: a, id: "c-1" },
      { command: "later", actor: a },
    );
    expect([1, 2, 3].map(() => commands(mailbox.take()))).toEqual([["first"], ["client's"], ["later"]]);
  });
  it("are 256 at most, or fewer on request", () => {
    const { mailbox } = filled(
      ...Array.from({ length: 300 }, (_, index) => ({ command: `${index}`, actor: node("a") })),
    );
    expect(commands(mailbox.take(2))).toEqual(["0", "1"]);
    expect(mailbox.take()).toHaveLength(256);
    expect(mailbox.take()).toHaveLength(42);
  });
});

describe("a command", () => {
  it("that is put back is the next one", async () => {
    const { mailbox, replies } = filled({ command: "a1", actor: node("a") }, { command: "b1", actor: node("b") });
    const batch = mailbox.take();
    mailbox.putBack(batch);
    const [first, ...none] = mailbox.take();
    expect([first?.command, none]).toEqual(["a1", []]);
    first?.settle(reply);
    expect(await replies[0]).toEqual(reply);
  });
  it("fails when the mailbox closes: while it waits, when it is put back, and when it comes later", async () => {
    const { mailbox, replies } = filled({ command: "a1", actor: node("a") }, { command: "b1", actor: node("b") });
    const taken = mailbox.take();
    mailbox.close();
    mailbox.putBack(taken);
    const late = mailbox.put({ command: "c1", actor: node("c") });
    await expect(late).rejects.toMatchObject({ code: "LOG_UNREACHABLE", message: expect.stringContaining("j-1") });
    for (const failure of await Promise.all(replies)) expect(failure).toMatchObject({ code: "LOG_UNREACHABLE" });
    expect(mailbox.isEmpty()).toBe(true);
  });
});
