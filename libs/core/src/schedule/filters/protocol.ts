import { protocolLevel, protocolLevelMin } from "@shoal/proto";
import { no, type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

/** The node has a protocol level that this release supports. */
export const protocol: Policy<Candidate> = {
  name: "protocol",
  evaluate({ info: { protocol: level = protocolLevelMin } }) {
    if (level >= protocolLevelMin && level <= protocolLevel) return yes();
    const expected =
      protocolLevelMin === protocolLevel ? `${protocolLevel}` : `${protocolLevelMin} to ${protocolLevel}`;
    const behind = level > protocolLevel ? "the requester" : "the node";
    return no(`expected protocol level ${expected}, got ${level}; upgrade ${behind}`);
  },
};
