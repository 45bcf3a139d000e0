# The source address asked for is not there: without track_src_ip the primary address stands
# in, with it there is FAULT until the address comes.

router src_ip=10.0.0.9 priority=255
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

source 10.0.0.9 added
----
ok

# Once it is there it is the one that speaks.  RFC 5798 (685): the next advertisement is due
# an interval of 1 s after the first.

wait 1s
----
at 1s
  send advert priority=255 from=10.0.0.9

reconfigure a track_src_ip=yes
----
ok

source 10.0.0.9 removed
----
master -> fault (source_missing)
  send advert priority=0 from=10.0.0.9
  remove 10.0.0.100

source 10.0.0.9 added
----
fault -> master (primary_address)
  send advert priority=255 from=10.0.0.9
  add 10.0.0.100
  announce 10.0.0.100 x5
