# RFC 9568 §6.4.3 answers an advertisement with an advertisement.  Two routers that
# both believe they have won would answer each other for ever; three answers between
# two advertisements of our own are the limit.

router priority=255 interval=1s garp_master_delay=0s garp_lower_prio_repeat=1
startup
wait 0.1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=100
hear priority=100
hear priority=100
----
  send advert priority=255
  announce 10.0.0.100 x1
  send advert priority=255
  announce 10.0.0.100 x1
  send advert priority=255
  announce 10.0.0.100 x1

hear priority=100
hear priority=150
----
ok

# The advertisement at 1 s gives three more.

wait 0.9s
hear priority=100
hear priority=100
hear priority=100
hear priority=100
----
at 1s
  send advert priority=255
  send advert priority=255
  announce 10.0.0.100 x1
  send advert priority=255
  announce 10.0.0.100 x1
  send advert priority=255
  announce 10.0.0.100 x1
