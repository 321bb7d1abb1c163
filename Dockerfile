# Entangle as one image: every service is started from it, and the commands of the operator as well.
# How it is used: deploy/README.md.

FROM node:24.21.0-trixie-slim AS build
WORKDIR /opt/entangle
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci
RUN npm run build --workspace @entangle/web
# Once more without what only building and testing need. The sources run as they stand.
RUN npm pkg delete devDependencies --workspace @entangle/server
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --workspace @entangle/server
# The bundled PostgreSQL makes links beside itself the first time it is looked for; later nobody may write there.
RUN node --input-type=module --eval "import { findPostgresBinaries } from './packages/server/src/database/postgres-binaries.ts'; await findPostgresBinaries()"

FROM node:24.21.0-trixie-slim
WORKDIR /opt/entangle
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8420 DATA_DIR=/data
RUN install --directory --owner=1000 --group=1000 --mode=0700 /data
COPY --from=build /opt/entangle/package.json /opt/entangle/LICENSE ./
COPY --from=build /opt/entangle/node_modules node_modules
COPY --from=build /opt/entangle/packages/protocol packages/protocol
COPY --from=build /opt/entangle/packages/crypto packages/crypto
COPY --from=build /opt/entangle/packages/server packages/server
COPY --from=build /opt/entangle/apps/web/dist apps/web/dist
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8420
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s --retries=3 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As packages/server/src/node-flags.ts has it.
ENTRYPOINT ["node", "--max-semi-space-size=32", "packages/server/src/main.ts"]
CMD ["serve"]
