import { shortId } from "../ids.ts";
import {
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  NodeDrainEnded,
  NodeDrainStarted,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
} from "../node/events.ts";
import { SecretDeleted, SecretPut, SecretResealed } from "../secret/events.ts";
import { because, row, timeOf } from "./row.ts";

/** The texts of what happens to nodes and secrets. */
export const nodeAndSecretRows = [
  row(NodeJoined, ({ info, approval }) => ({
    topic: "Node",
    message: `${shortId(info.nodeId)} joined${approval === undefined ? "" : ", and waits for approval"}`,
    tone: approval === undefined ? "good" : "wait",
  })),
  row(NodeChanged, ({ info }) => ({ topic: "Node", message: `${shortId(info.nodeId)} changed` })),
  row(NodeDisconnected, ({ why }) => ({ topic: "Node", message: `Disconnected: ${why}`, tone: "bad" })),
  row(NodeReconnected, ({ info }) => ({ topic: "Node", message: `${shortId(info.nodeId)} reconnected`, tone: "good" })),
  row(NodeForgotten, () => ({ topic: "Node", message: "Forgotten: it was disconnected for too long", tone: "bad" })),
  row(NodeApproved, ({ why }) => ({ topic: "Node", message: because("Approved", why), tone: "good" })),
  row(NodeRejected, ({ why }) => ({ topic: "Node", message: because("Rejected", why), tone: "bad" })),
  row(NodeDeleted, ({ why }) => ({ topic: "Node", message: because("Deleted", why), tone: "bad" })),
  row(NodeDrainStarted, ({ mode, until, why }) => ({
    topic: "Node",
    message: because(
      mode === "move" ? "Draining, its work is moved" : `Draining, its work may finish until ${timeOf(until)}`,
      why,
    ),
    tone: "wait",
  })),
  row(NodeDrainEnded, ({ why }) => ({ topic: "Node", message: because("Gets work again", why), tone: "good" })),
  row(SecretPut, ({ name, version }) => ({ topic: "Secret", message: `${name}: version ${version} stored` })),
  row(SecretResealed, ({ version }) => ({ topic: "Secret", message: `Version ${version} sealed to another key` })),
  row(SecretDeleted, () => ({ topic: "Secret", message: "Deleted" })),
];
