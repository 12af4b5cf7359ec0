// Words for durations, instants and clocks, as msp/core/web/formats.py and msp/itsm/sla/words.py say them. Pure: times are milliseconds, zones are names.

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE = 60_000, DAY = 86_400_000, TICKING = 7_200_000, REACH = 6;

const readers = new Map();

/** What a clock in `zone` reads: year, month from 1, day, weekday from Sunday, hour and minute as text, days since 1970. */
function reading(at, zone) {
  if (!readers.has(zone)) {
    readers.set(zone, new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    }));
  }
  const part = Object.fromEntries(readers.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  const [year, month, day] = [+part.year, +part.month, +part.day];
  const ordinal = Date.UTC(year, month - 1, day) / DAY;
  return { year, month, day, ordinal, weekday: new Date(ordinal * DAY).getUTCDay(), time: `${part.hour}:${part.minute}` };
}

/** `38m`, `1h 06m`, `3h`, `1d 4h`, `12d`. */
export function compactWords(milliseconds) {
  const minutes = Math.max(1, Math.trunc(milliseconds / MINUTE));
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60), rest = minutes % 60;
  if (hours < 24) return rest ? `${hours}h ${String(rest).padStart(2, '0')}m` : `${hours}h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 10 ? `${days}d ${hours % 24}h` : `${days}d`;
}

/** `40m`, `5h`, `6d`, `3y`. */
export function ageWords(since, now) {
  const minutes = Math.max(0, Math.trunc((now - since) / MINUTE));
  if (minutes < 60) return `${minutes}m`;
  const days = Math.floor(minutes / 1440);
  if (days >= 1000) return `${Math.floor(days / 365)}y`;
  return days ? `${days}d` : `${Math.floor(minutes / 60)}h`;
}

/** `today 14:10`, `Thu 11:00`, `25 Mar`, `25 Mar 2028`; without `today` only the time of the same day. */
export function whenWords(at, now, zone, today = true) {
  const there = reading(at, zone), here = reading(now, zone);
  const distance = there.ordinal - here.ordinal;
  if (distance === 0) return today ? `today ${there.time}` : there.time;
  if (Math.abs(distance) < REACH) return `${DAYS[there.weekday]} ${there.time}`;
  return `${there.day} ${MONTHS[there.month - 1]}${there.year === here.year ? '' : ` ${there.year}`}`;
}

export const clockWords = (at, zone) => reading(at, zone).time;

/** What a running clock's chip says; `breach` counts where `due` was a closing time that has passed. */
export function dueWords(due, breach, now, zone) {
  const deadline = due <= now && breach > now ? breach : due;
  const left = deadline - now;
  if (left <= 0) return 'Due now';
  if (left < TICKING) return `Due ${compactWords(Math.ceil(left / MINUTE) * MINUTE)}`;
  return `Due ${whenWords(deadline, now, zone, false)}`;
}

/** `212 KB`, `8.4 MB`. */
export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  let value = bytes, unit;
  for (unit of ['KB', 'MB', 'GB']) {
    value /= 1000;
    if (value < 999.5) break;
  }
  return value < 9.95 && unit !== 'KB' ? `${value.toFixed(1)} ${unit}` : `${value.toFixed(0)} ${unit}`;
}
