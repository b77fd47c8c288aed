# The rooms of the house and which way the arrows point: a room may include its own headers, those of the rooms named in
# its row, and those of the rooms behind them. tools/check-arrows reads this table too.
# (room <- rooms it may use)
set(DEPUTY_ROOMS base crypto attest token grant seal store http run agent evidence node backend cli)
set(DEPUTY_USES_base)
set(DEPUTY_USES_crypto base)
set(DEPUTY_USES_attest crypto)
set(DEPUTY_USES_token crypto)
set(DEPUTY_USES_grant token)
set(DEPUTY_USES_seal token)
set(DEPUTY_USES_store crypto)
set(DEPUTY_USES_http crypto)
set(DEPUTY_USES_run store http)
set(DEPUTY_USES_agent attest http)
set(DEPUTY_USES_evidence agent)
set(DEPUTY_USES_node grant seal store http run)
set(DEPUTY_USES_backend grant seal store http run evidence)
set(DEPUTY_USES_cli node backend evidence grant seal http run)

# The rooms of libdeputy: no files, sockets, clock or environment.
set(DEPUTY_LIBRARY_ROOMS base crypto attest token grant seal)
