# users 1.3: somebody else says that the address is his, and the neighbours believe whoever
# spoke last.  The Master says at once that it is here, and once more garp_lower_prio_delay
# later, for the other one may say it several times.  An address on another
# interface, or one that is not ours, is none of its business.

router priority=255 garp_master_delay=0s garp_lower_prio_delay=1.5s garp_lower_prio_repeat=2
startup
wait 0.5s
claimed 10.0.0.100
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  announce 10.0.0.100 x2

claimed 10.0.0.200
claimed 10.0.0.100 eth1
----
ok

wait 2s
----
at 1s
  send advert priority=255
at 2s
  send advert priority=255
  announce 10.0.0.100 x2
