package io.cairnfs.contract.fuzz;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions.AccessTimes;
import io.cairnfs.contract.CairnFace;
import io.cairnfs.contract.EmbeddedCluster;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Worlds in a cluster: a client for each actor. */
final class CairnHome implements Home {
  private static final int TOP_MODE = 0777;
  private static final CairnPath HOME = CairnPath.of("/fuzz");

  private final CairnFileSystem superuser;
  private final Map<String, CairnFileSystem> clients = new HashMap<>();

  CairnHome(EmbeddedCluster cluster, Cast cast) throws IOException {
    this.superuser = cluster.connect(Cast.SUPERUSER);
    var unused = superuser.mkdir(HOME, 0755);
    for (String actor : cast.actors()) {
      clients.put(
          actor, cluster.connect(cluster.options(Cast.user(actor)).accessTimes(AccessTimes.NONE)));
    }
  }

  @Override
  public Map<String, Side> begin(String world) throws IOException {
    CairnPath top = HOME.resolve(world + "/" + BELOW);
    var unused = superuser.mkdirs(top, 0755);
    var unusedToo = superuser.setAttributes(top, AttributeChange.none().mode(TOP_MODE));
    Map<String, Side> sides = new HashMap<>();
    clients.forEach(
        (actor, client) ->
            sides.put(actor, new Actor(new CairnFace(client, top), Actor.GivingUp.BY_CLOSE)));
    return sides;
  }

  @Override
  public void remove(String world) throws IOException {
    boolean unused = superuser.delete(HOME.resolve(world), DeleteMode.RECURSIVE);
  }

  /** The clients are the cluster's to close. */
  @Override
  public void close() {}
}
