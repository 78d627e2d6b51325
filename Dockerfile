# Build: docker build -t fovea .     Run: docker run --rm -p 127.0.0.1:8080:8080 fovea

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjpeg-dev libpng-dev libwebp-dev libssl-dev zlib1g-dev \
        libcurl4-openssl-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# Dependencies change less often than sources, so they get a layer of their own.
COPY Package.swift ./
RUN swift package resolve
COPY . .
# Foundation's URL loading, linked statically, does not name the library that it is made of.
RUN swift build -c release --product fovea --static-swift-stdlib -Xlinker -s -Xlinker -lcurl \
    && mkdir /fovea \
    && cp -r .build/release/fovea .build/release/Fovea_fovea.resources public /fovea/

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjpeg62-turbo libpng16-16 libwebp7 libssl3 zlib1g libstdc++6 libcurl4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --uid 10001 --shell /usr/sbin/nologin fovea
# The program looks for its model and its viewer beside itself.
COPY --from=build /fovea /opt/fovea
ENV PATH=/opt/fovea:$PATH FOVEA_HOST=0.0.0.0 FOVEA_PORT=8080
USER fovea
EXPOSE 8080
# A large checkpoint takes a while to load; until then the server answers 503.
HEALTHCHECK --interval=30s --timeout=10s --start-period=5m CMD fovea health "http://127.0.0.1:$FOVEA_PORT"
ENTRYPOINT ["fovea"]
CMD ["serve"]
