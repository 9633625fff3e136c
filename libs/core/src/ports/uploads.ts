import type { UploadAnswer, UploadRequest } from "@shoal/proto";

/** The requester's side: grants nodes the right to store results. */
export interface UploadServer {
  /**
   * Answers the requests of nodes, until closed; each goes to one of several requesters. The node's id is the one in the
   * subject, which the server's permissions guarantee.
   */
  onUpload(
    answer: (nodeId: string, request: UploadRequest) => Promise<UploadAnswer>,
  ): Promise<{ close(): Promise<void> }>;
}

/** The node's side. */
export interface UploadClient {
  /** Asks for the right to store a result. Resolves with undefined when no answer came in `waitMs`. Never rejects. */
  upload(request: UploadRequest, waitMs: number): Promise<UploadAnswer | undefined>;
}
