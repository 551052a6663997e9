import { expect, test } from "vitest";
import { newPackages } from "../../../../toolchain/machine/debianPackages.ts";

test("records packages to install, and not those to upgrade", () => {
	// Captured from apt 2.6 on Debian 12; the upgrade's line as apt writes it.
	const simulation = `Reading package lists...
Inst runc (1.1.5+ds1-1+deb12u1 Debian:12.11/oldstable [amd64])
Inst libc6 [2.36-9] (2.36-9+deb12u10 Debian:12.11/oldstable [amd64]) []
Inst docker.io (20.10.24+dfsg1-1+deb12u1+b6 Debian:12.11/oldstable [amd64])
Conf runc (1.1.5+ds1-1+deb12u1 Debian:12.11/oldstable [amd64])
`;
	expect(newPackages(simulation)).toEqual(["runc", "docker.io"]);
});
