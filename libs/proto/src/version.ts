/** The version of Shoal: one for all its packages, and the same as in their manifests. */
export const shoalVersion = "0.1.0";
