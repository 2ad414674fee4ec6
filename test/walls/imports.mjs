import { isBuiltin } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { keepers, schemaFree, walls } from './walls.ts';

const SCOPE = '@parley/';

/** The package of an import: `@mikro-orm/core/x` is `@mikro-orm/core`. */
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** The room of a path relative to the root: `libs/domain`, `workflows`, `test`. */
function roomOf(path) {
  const [first = '', second = ''] = path.split(sep);
  return first === 'libs' || first === 'apps' ? `${first}/${second}` : first;
}

function acrossRooms(file, specifier, root) {
  const target = roomOf(relative(root, resolve(dirname(file), specifier)));
  const own = roomOf(relative(root, file));
  if (target === own || !/^(libs|apps|workflows)\b/.test(target)) return undefined;
  return `${own} reaches into ${target} by a relative path; import its exports.`;
}

function intoRoom(room, wall, specifier, typeOnly) {
  const target = packageOf(specifier).slice(SCOPE.length);
  if (`${SCOPE}${target}` === specifier || wall.rooms.includes(target)) return undefined;
  if (!wall.types?.includes(target)) return `${room} may not import ${target}.`;
  return typeOnly || schemaFree.includes(specifier) ? undefined : `${room} may import only types from ${target}.`;
}

function intoPackage(room, wall, specifier, typeOnly) {
  const name = packageOf(specifier);
  if (isBuiltin(specifier)) return wall.builtins ? undefined : `${room} may not import ${specifier}.`;
  const keeper = Object.entries(keepers).find(([prefix]) => name.startsWith(prefix));
  if (keeper && !keeper[1].includes(room))
    return `${room} may not import ${name}; it is kept by ${keeper[1].join(', ') || 'tests'}.`;
  if (wall.packages && !wall.packages.includes(name)) return `${room} may not import ${name}.`;
  return wall.types?.includes(name) && !typeOnly ? `${room} may import only types from ${name}.` : undefined;
}

/** Why this import is a breach, or undefined. Tests inside a room are held only to the paths: no deep and no sideways import. */
export function breach({ file, specifier, typeOnly, root }) {
  if (specifier.startsWith('.')) return acrossRooms(file, specifier, root);
  if (/^@parley\/[^/]+\/(src|dist)\//.test(specifier))
    return `${specifier} is behind the exports of ${packageOf(specifier)}.`;
  const path = relative(root, file);
  const room = roomOf(path);
  if (!path.startsWith(`${room}${sep}src${sep}`)) return undefined;
  const wall = walls[room];
  if (!wall) return `${room} stands in no wall; add it to test/walls/walls.ts.`;
  return specifier.startsWith(SCOPE)
    ? intoRoom(room, wall, specifier, typeOnly)
    : intoPackage(room, wall, specifier, typeOnly);
}

/** The local ESLint rule `parley/imports`: every static, dynamic and type import against the table in walls.mjs. */
export const imports = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const check = (node, source, typeOnly) => {
      if (typeof source?.value !== 'string') return;
      const message = breach({ file: context.filename, specifier: source.value, typeOnly, root: context.cwd });
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source, true),
    };
  },
};
