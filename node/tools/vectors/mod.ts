/** The vectors of the protocol, as the files in `protocols/vectors/` hold them: the same bytes every time. */
import { blobs } from "./blobs.ts";
import { makeCast } from "./cast.ts";
import { ballots, ranking, waiting } from "./choices.ts";
import { documents } from "./documents.ts";
import { envelopes } from "./envelopes.ts";
import { ids } from "./ids.ts";
import { judgements } from "./judgements.ts";
import { messages } from "./messages.ts";
import { permissions } from "./permissions.ts";
import { print } from "./print.ts";
import { records, topics } from "./topics.ts";

/** The content of each file, by its name. */
export async function vectorFiles(): Promise<ReadonlyMap<string, string>> {
  const cast = await makeCast();
  const all = {
    ids: ids(cast),
    envelopes: envelopes(cast),
    documents: documents(cast),
    messages: messages(cast),
    topics: topics(cast),
    records: records(cast),
    judgements: judgements(cast),
    ranking: ranking(cast),
    waiting: waiting(),
    ballots: ballots(cast),
    permissions: permissions(cast),
    blobs: blobs(cast),
  };
  return new Map(Object.entries(all).map(([name, content]) => [`${name}.json`, print(content)]));
}
