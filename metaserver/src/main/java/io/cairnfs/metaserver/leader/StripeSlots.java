package io.cairnfs.metaserver.leader;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.PoolId;

/** Chooses slots for stripes. */
interface StripeSlots {
  /**
   * A slot of a coded pool whose members all take new chunks. For the duties' thread.
   *
   * @throws CairnException TOO_FEW_SERVERS, saying how many there are
   */
  int choose(PoolId pool) throws CairnException;
}
