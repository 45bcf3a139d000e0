# B9.7: two owners. The greater address wins the tie (RFC 5798 §6.4.3 (735)), so we answer; an owner that
# ignores advertisements, as the RFCs have it, goes on all the same. After two of our intervals and 1.2 of the
# longer, 2 * 1 + 1.2 * 1 = 3.2 s after it was heard first, we give way.

router priority=255
startup
hear priority=255 from=9.9.9.9
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x5

wait 1s
hear priority=255 from=9.9.9.9
----
at 1s
  send advert priority=255
  send advert priority=255
  announce 10.0.0.100 x5

wait 1s
hear priority=255 from=9.9.9.9
----
at 2s
  send advert priority=255
  send advert priority=255
  announce 10.0.0.100 x5

wait 1s
hear priority=255 from=9.9.9.9
----
at 3s
  send advert priority=255
  send advert priority=255
  announce 10.0.0.100 x5

wait 200ms
hear priority=255 from=9.9.9.9
----
master -> backup (peer_owner)
  remove 10.0.0.100

# It is lived with like any Master: 3 s and (256 - 255) / 256 s after its last word it is dead.

wait 3.003906s
----
at 6.203906s
backup -> master (master_silent)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
