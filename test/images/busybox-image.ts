import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { type Pack, pack } from "tar-stream";
import { staticBusybox } from "./static-busybox.ts";

/** The image, or why this machine cannot build it. */
export type BusyboxImage = { readonly image: string } | { readonly image: undefined; readonly why: string };

// The commands of tests and demonstrations; each is a link to the one program.
const commands =
  "sh cat cp echo env dd false grep head id ip kill ls mkdir mv nc pwd rm sed seq sha256sum sleep sort stat tail tee test touch tr true uname wc wget yes";
const programMode = 0o755;
const openFolderMode = 0o1777;

/**
 * Builds an image with only a static busybox, without a registry or a network. Building it is idempotent.
 * Throws the engine's errors.
 */
export async function buildBusyboxImage(docker: Docker, image = "shoal-test/busybox:1"): Promise<BusyboxImage> {
  const busybox = await staticBusybox();
  if (busybox === undefined) {
    const why = "no statically linked busybox on this machine; install Debian's package busybox-static";
    return { image: undefined, why };
  }
  const context = pack();
  fill(context, await readFile(busybox), image);
  // Without the cache: another test may remove the image whose layers would be reused.
  const progress = await docker.buildImage(Readable.from(context), { t: image, nocache: true, forcerm: true });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (failure, lines) => {
      const wrong = failure ?? lines.map((line: { error?: string }) => line.error).find((error) => error !== undefined);
      if (wrong === undefined) resolve();
      else reject(wrong instanceof Error ? wrong : new Error(wrong));
    });
  });
  return { image };
}

function fill(context: Pack, busybox: Buffer, image: string): void {
  const dockerfile = ["FROM scratch", "COPY root/ /", `LABEL shoal.test=${image}`, 'CMD ["/bin/sh"]', ""].join("\n");
  // A fixed time, so that the same files make the same layer.
  const mtime = new Date(0);
  context.entry({ name: "Dockerfile", mtime }, dockerfile);
  context.entry({ name: "root/bin/busybox", mode: programMode, mtime }, busybox);
  context.entry({ name: "root/tmp", type: "directory", mode: openFolderMode, mtime });
  for (const command of commands.split(" ")) {
    context.entry({ name: `root/bin/${command}`, type: "symlink", linkname: "busybox", mtime });
  }
  context.finalize();
}
