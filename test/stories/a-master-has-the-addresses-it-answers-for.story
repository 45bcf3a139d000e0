# RFC 5798 §6.4.3 (610), RFC 5798 §6.4.3 (620), RFC 5798 §6.4.3 (625), RFC 5798 §6.4.2 (390) and RFC 3768 §6.4.3: the kernel
# answers ARP and neighbour solicitations for an address it has, and joins its solicited-node group when it is
# given it. A Master asks for all of them in the turn that makes it one.

reconfigure
  a priority=255 address=10.0.0.100,10.0.0.101
  b family=ipv6 priority=255 address=fe80::100,2001:db8::100
  c version=2 vrid=2 priority=255 address=10.0.0.102
startup
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
c: initialize -> master (owner_startup)
  a: send advert priority=255
  b: send advert priority=255
  c: send advert priority=255
  a: add 10.0.0.100 10.0.0.101
  b: add fe80::100 2001:db8::100
  c: add 10.0.0.102
  a: announce 10.0.0.100 10.0.0.101 x5
  b: announce fe80::100 2001:db8::100 x5
  c: announce 10.0.0.102 x5
