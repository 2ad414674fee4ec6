import { ArchivedConversationRow, ArchivedThreadRow } from '../archive/archive.entity.js';
import { AgentRow } from '../capacity/agent.entity.js';
import { LeaseRow } from '../capacity/lease.entity.js';
import { ContactRow } from '../channel-messages/contact.entity.js';
import { ChannelAccountRow, ConfigurationRow } from '../configuration/configuration.entity.js';
import { DeliveryRow } from '../deliveries/delivery.entity.js';
import { DeskChangeRow } from '../desk/desk-change.entity.js';
import { MessageRow } from '../dispatch/message.entity.js';
import { ThreadRow } from '../dispatch/thread.entity.js';
import { NoteRow } from '../history/note.entity.js';
import { ConversationRow, DecidedRow, LifeEventRow } from '../lifecycle/conversation.entity.js';

export const ENTITIES = [
  ...[ContactRow, ThreadRow, MessageRow, DeliveryRow],
  ...[ArchivedThreadRow, ArchivedConversationRow, ConversationRow, LifeEventRow, DecidedRow, NoteRow],
  ...[AgentRow, LeaseRow, DeskChangeRow, ConfigurationRow, ChannelAccountRow],
];
