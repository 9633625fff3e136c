/** The version of Shoal: one for all its packages, and the same as in their manifests. */
export const shoalVersion = "0.1.0";

/** The release date of this version, RFC 3339. */
export const shoalReleasedAt = "2026-11-21T00:00:00Z";
