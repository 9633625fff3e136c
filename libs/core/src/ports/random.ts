/** The source of random ids and numbers. Seeded in simulations. */
export interface Random {
  /** A random UUID. */
  uuid(): string;
  /** 0 ≤ n < 1. */
  fraction(): number;
}
