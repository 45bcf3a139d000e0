// Configurations as people write them, for tests that need many.

/** The pair that everyone starts from, as it is printed: the second one without its last brace. */
export const SAMPLE_MASTER = `vrrp_instance VI_1 {
 state MASTER
 interface eth0
 virtual_router_id 1
 priority 100
 authentication {
  auth_type PASS
  auth_pass password
 }
 virtual_ipaddress {
  192.168.1.1/24 brd 192.168.1.255 dev eth0
 }
}
`;

export const SAMPLE_SLAVE = `vrrp_instance VI_1 {
 state BACKUP
 interface eth0
 virtual_router_id 1
 priority 50
 authentication {
  auth_type PASS
  auth_pass password
 }
 virtual_ipaddress {
  192.168.1.1/24 brd 192.168.1.255 dev eth0
 }
`;

/** One vrrp_instance; what is left out has the value in brackets. */
export type Instance = {
  readonly addresses: readonly string[];
  readonly priority: number;
  /** [VI_1] */
  readonly name?: string;
  /** [1] */
  readonly vrid?: number;
  /** [3] */
  readonly version?: 2 | 3;
  /** In seconds, as it stands in the file [1]. */
  readonly interval?: string;
  /** [eth0] */
  readonly interface?: string;
  /** [none] */
  readonly password?: string;
  /** [BACKUP] */
  readonly state?: "MASTER" | "BACKUP";
  /** Further lines. */
  readonly extra?: readonly string[];
};

/** The text of a configuration with these instances; both daemons read it. */
export const configOf = (...instances: readonly Instance[]): string => instances.map(instanceText).join("\n");

function instanceText({ addresses, priority, password, extra = [], ...rest }: Instance): string {
  const { name = "VI_1", vrid = 1, version = 3, interval = "1", interface: iface = "eth0", state = "BACKUP" } = rest;
  const authentication =
    password === undefined ? [] : ["authentication {", "  auth_type PASS", `  auth_pass ${password}`, "}"];
  const lines = [
    `version ${version}`,
    `state ${state}`,
    `interface ${iface}`,
    `virtual_router_id ${vrid}`,
    `priority ${priority}`,
    `advert_int ${interval}`,
    ...authentication,
    "virtual_ipaddress {",
    ...addresses.map((address) => `  ${address}`),
    "}",
    ...extra,
  ];
  return [`vrrp_instance ${name} {`, ...lines.map((line) => `  ${line}`), "}", ""].join("\n");
}

/** Instances VI_n of priority 100 at 100 ms, each with the address 192.168.1.(100 + n) and what else it is to have. */
export const crowdOf = (vrids: readonly number[], extraOf: (vrid: number) => readonly string[]): string =>
  configOf(
    ...vrids.map((vrid) => ({
      name: `VI_${vrid}`,
      vrid,
      priority: 100,
      interval: "0.1",
      addresses: [`192.168.1.${100 + vrid}/32`],
      extra: extraOf(vrid),
    })),
  );
