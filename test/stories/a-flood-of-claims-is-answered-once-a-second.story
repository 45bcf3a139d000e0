# Two machines with one address would answer each other for ever: what is claimed within a
# second of the last answer is answered at its end, however often.  0.5 s, then 0.5 s + 1 s;
# then 1.6 s lies behind that second, and is answered at once.

router priority=255 interval=10s garp_master_delay=0s garp_lower_prio_delay=0s garp_lower_prio_repeat=1
startup
wait 0.5s
claimed 10.0.0.100
claimed 10.0.0.100
wait 0.4s
claimed 10.0.0.100
wait 0.6s
wait 0.1s
claimed 10.0.0.100
wait 5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  announce 10.0.0.100 x1
at 1.5s
  announce 10.0.0.100 x1
  announce 10.0.0.100 x1
