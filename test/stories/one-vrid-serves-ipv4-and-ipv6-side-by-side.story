# RFC 5798 §5.2.3, B9.13: the same VRID in both families is two virtual routers.  What
# is announced over IPv6 is an unsolicited NA, RFC 5798 §6.4.1 (130), where the other sends
# ARP.  With the IPv6 source gone one of them is in FAULT, and the other does not care.

router name=four family=ipv4 vrid=51 priority=255
router name=six family=ipv6 vrid=51 priority=255 address=fe80::100
startup
----
four: initialize -> master (owner_startup)
six: initialize -> master (owner_startup)
  four: send advert priority=255
  six: send advert priority=255
  four: add 10.0.0.100
  six: add fe80::100
  four: announce 10.0.0.100 x5
  six: announce fe80::100 x5

source fe80::1 removed
----
six: master -> fault (no_primary_address)
  six: send advert priority=0
  six: remove fe80::100

state
----
four: master priority=255 due in 1s
six: fault priority=255
