/**
 * What a message is after it crossed a wire: JSON text, parsed by the schema of its protocol. Slow, so a world does it only
 * when asked; it shows that what peers say can be read by the peers they say it to, and that nothing rides along by reference.
 */
import {
  type Kept,
  type Message,
  messageSchemas,
  type Open,
  PROTOCOLS,
  protocolOf,
  recordSchema,
  type TopicDocument,
  topicSchema,
} from "../protocols/mod.ts";
import { digestOf } from "./notary.ts";

export interface Codec {
  message(message: Message): Message;
  document(document: TopicDocument): TopicDocument;
  record(record: Kept): Kept;
}

/** By reference: documents and messages are never changed after they were made. */
export const BY_REFERENCE: Codec = {
  message: (message) => message,
  document: (document) => document,
  record: (record) => record,
};

/** Through JSON text and the schemas. Throws when a peer said what no peer could read. */
export function wireCodec(open: Open): Codec {
  const messages = messageSchemas(open, digestOf);
  const topic = topicSchema(open);
  const records = recordSchema(open);
  return {
    message: (message) => {
      const protocol = protocolOf(message.type);
      const text = JSON.stringify(message);
      if (text.length > PROTOCOLS[protocol].frame_bytes) throw new Error(`a ${message.type} of ${text.length} bytes`);
      return messages[protocol].parse(JSON.parse(text));
    },
    document: (document) => topic.parse(JSON.parse(JSON.stringify(document))),
    record: (record) => records.parse(JSON.parse(JSON.stringify(record))),
  };
}
