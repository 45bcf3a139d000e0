# RFC 5798 §6.4.3 (775): a weaker one is discarded. lower_prio_no_advert goes back to that from RFC 9568
# §6.4.3; the addresses are announced all the same, unless garp_lower_prio_repeat is 0.

reconfigure
  loud priority=100 lower_prio_no_advert=yes garp_lower_prio_delay=0s
  mute vrid=2 priority=100 lower_prio_no_advert=yes garp_lower_prio_delay=0s garp_lower_prio_repeat=0 address=10.0.0.101
startup
wait 3.609375s
----
loud: initialize -> backup (startup)
mute: initialize -> backup (startup)
at 3.609375s
loud: backup -> master (master_silent)
  loud: send advert priority=100
  loud: add 10.0.0.100
  loud: announce 10.0.0.100 x5
mute: backup -> master (master_silent)
  mute: send advert priority=100
  mute: add 10.0.0.101
  mute: announce 10.0.0.101 x5

hear router=loud priority=50
hear router=mute priority=50
----
  loud: announce 10.0.0.100 x5
