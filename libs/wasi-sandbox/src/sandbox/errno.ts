/** WASI preview 1's error numbers, in the order of its specification: a name's index is its number. */
export const errnoNames = [
  ...["SUCCESS", "2BIG", "ACCES", "ADDRINUSE", "ADDRNOTAVAIL", "AFNOSUPPORT", "AGAIN", "ALREADY", "BADF", "BADMSG"],
  ...["BUSY", "CANCELED", "CHILD", "CONNABORTED", "CONNREFUSED", "CONNRESET", "DEADLK", "DESTADDRREQ", "DOM", "DQUOT"],
  ...["EXIST", "FAULT", "FBIG", "HOSTUNREACH", "IDRM", "ILSEQ", "INPROGRESS", "INTR", "INVAL", "IO"],
  ...["ISCONN", "ISDIR", "LOOP", "MFILE", "MLINK", "MSGSIZE", "MULTIHOP", "NAMETOOLONG", "NETDOWN", "NETRESET"],
  ...["NETUNREACH", "NFILE", "NOBUFS", "NODEV", "NOENT", "NOEXEC", "NOLCK", "NOLINK", "NOMEM", "NOMSG"],
  ...["NOPROTOOPT", "NOSPC", "NOSYS", "NOTCONN", "NOTDIR", "NOTEMPTY", "NOTRECOVERABLE", "NOTSOCK", "NOTSUP", "NOTTY"],
  ...["NXIO", "OVERFLOW", "OWNERDEAD", "PERM", "PIPE", "PROTO", "PROTONOSUPPORT", "PROTOTYPE", "RANGE", "ROFS"],
  ...["SPIPE", "SRCH", "STALE", "TIMEDOUT", "TXTBSY", "XDEV", "NOTCAPABLE"],
] as const;

export type Errno = (typeof errnoNames)[number];

/** The guest's number of each error. */
export const errnoNumber: Readonly<Record<string, number>> = Object.fromEntries(
  errnoNames.map((name, number) => [name, number]),
);

/** An error for the guest. It is not an Error: it is frequent, and its stack is never read. */
export class Refusal {
  readonly errno: Errno;
  constructor(errno: Errno) {
    this.errno = errno;
  }
}
