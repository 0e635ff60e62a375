/* A camera that speaks to Sowa as docs/camera.md says, by libcurl, libwebsockets (the channel) and Jansson (JSON).
 * It films what lies in a folder (init.mp4, 000.m4s ... of two seconds each, picture.jpg), over and over; something
 * moves in front of it when it gets SIGUSR1. */
#include <curl/curl.h>
#include <fcntl.h>
#include <jansson.h>
#include <libwebsockets.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { PIECE_S = 2, FIRST_PIECES = 6, MOST_PIECES = 15, EVENT_S = 20 };
enum { TRIES = 4, ASK_WITHIN_MS = 4000, ASK_AGAIN_S = 10, RENEW_BEFORE_S = 60 };
struct ticket { const char *kind; json_t *form; double until, not_before; char init[24]; };
static const char *url, *sn, *secret;
static char token[256], channel_url[512], film[24];
static double ahead, activate_at, connect_at, ping_at, moved_until, segment_start, ask_at = INFINITY;
static curl_off_t retry_after_s;
static int ping_s, reconnect_s, segment, segment_pieces;
static bool is_private = true, is_event_plan; /* until it is known what its owner wants */
static volatile sig_atomic_t is_over, has_moved;
static struct ticket alarms = {.kind = "alarm"}, snapshots = {.kind = "snapshot"};
static struct ticket live = {.kind = "live"}, recordings = {.kind = "recording"};
static struct lws *channel;
static json_t *views; /* until when, by live_id */

/* Time, which is the cloud's: its answers say what time it is. */
static double local_s(void) { struct timespec at; return timespec_get(&at, TIME_UTC), at.tv_sec + at.tv_nsec / 1e9; }
static double now_s(void) { return local_s() + ahead; }
static double time_in(json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    struct tm at = {0};
    return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &at) ? (double)timegm(&at) : 0;
}
static char *time_text(char to[40], double at, const char *format) {
    strftime(to, 30, format, gmtime(&(time_t){at}));
    return sprintf(to + strlen(to), ".%03dZ", (int)((at - (time_t)at) * 1000)), to;
}

static long perform(CURL *curl, json_t **answer) { /* without an answer (0), and after 5xx, it is sent again */
    long status = 0;
    for (int tried = 0; tried < TRIES && (!status || status >= 500); tried++) {
        char *said;
        size_t length;
        FILE *to = open_memstream(&said, &length);
        if (tried) usleep(200000 << tried);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
        if (curl_easy_perform(curl) || curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status)) status = 0;
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s), fclose(to);
        if (status / 100 != 2) fprintf(stderr, "%ld %s\n", status, said);
        if (answer) json_decref(*answer), *answer = json_loadb(said, length, 0, NULL);
        free(said);
    }
    return curl_easy_cleanup(curl), status;
}
static bool ask(const char *method, const char *path, json_t *body, json_t **answer) {
    char address[1024], *text = json_dumps(body, JSON_COMPACT);
    CURL *curl = curl_easy_init();
    struct curl_slist type = {.data = "Content-Type: application/json"};
    snprintf(address, sizeof address, "%s%s", url, path);
    curl_easy_setopt(curl, CURLOPT_URL, address);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, &type);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    if (*token) curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    long status = perform(curl, answer);
    if (status == 401) *token = 0; /* it was replaced: the factory secret gives another */
    if (time_in(*answer, "now") > 0) ahead = time_in(*answer, "now") - local_s();
    return free(text), json_decref(body), status == 200;
}
static void activate(void) {
    const char *its_token = "", *its_url = "";
    json_t *said = NULL, *me = json_pack("{ss ss ss ss ss s[{ss ss}]}", "sn", sn, "secret", secret, "model", "Camera in C",
        "mac", "02:00:5e:10:00:99", "firmware", "1.0.0", "channels", "id", "1", "name", "Lens");
    if (ask("POST", "/cameras/activation", me, &said))
        json_unpack(said, "{ss ss si si}", "camera_token", &its_token, "channel_url", &its_url,
            "ping_seconds", &ping_s, "reconnect_after_seconds", &reconnect_s);
    snprintf(token, sizeof token, "%s", its_token), snprintf(channel_url, sizeof channel_url, "%s", its_url);
    if (channel) lws_set_timeout(channel, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC); /* it was the former token's */
    json_decref(said);
}

/* Uploads. A ticket is asked for when it is needed, and after a refusal not at once again. */
static bool has_ticket(struct ticket *ticket) {
    if (ticket->form && now_s() < ticket->until - RENEW_BEFORE_S) return true;
    if (now_s() < ticket->not_before) return false;
    json_t *said = NULL;
    bool is_given = ask("POST", "/cameras/tickets", json_pack("{ss}", "kind", ticket->kind), &said);
    json_t *given = ticket == &recordings ? json_array_get(json_object_get(said, "tickets"), 0) : said;
    json_decref(ticket->form);
    ticket->form = is_given ? json_incref(given) : NULL, *ticket->init = 0;
    ticket->until = time_in(given, "until"), ticket->not_before = now_s() + fmax(ASK_AGAIN_S, retry_after_s);
    if (ticket == &recordings) is_event_plan = json_object_get(json_object_get(said, "plan"), "event_ms_left");
    return json_decref(said), ticket->form;
}
static void add_field(curl_mime *form, const char *name, const char *value) {
    curl_mimepart *part = curl_mime_addpart(form);
    curl_mime_name(part, name), curl_mime_data(part, value, CURL_ZERO_TERMINATED);
}
static bool upload(struct ticket *ticket, const char *name, const char *file, double start) {
    char key[1024], at[40];
    CURL *curl = curl_easy_init();
    curl_mime *form = curl_mime_init(curl);
    snprintf(key, sizeof key, "%s1/%s", json_string_value(json_object_get(ticket->form, "key_prefix")), name);
    const char *field;
    json_t *value, *fields = json_object_get(ticket->form, "fields");
    json_object_set_new(fields, "key", json_string(key));
    if (start > 0) json_object_set_new(fields, "x-amz-meta-start", json_string(time_text(at, start, "%Y-%m-%dT%H:%M:%S")));
    if (start > 0) json_object_set_new(fields, "x-amz-meta-duration-ms", json_string("2000"));
    json_object_foreach(fields, field, value) add_field(form, field, json_string_value(value));
    curl_mimepart *content = curl_mime_addpart(form); /* the last: S3 reads nothing behind it */
    curl_mime_name(content, "file"), curl_mime_filedata(content, file);
    curl_easy_setopt(curl, CURLOPT_URL, json_string_value(json_object_get(ticket->form, "url")));
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    long status = perform(curl, NULL);
    if (status == 400 || status == 403) ticket->until = 0; /* another one for what comes next */
    return curl_mime_free(form), status / 100 == 2;
}

static void send_film(struct ticket *ticket, const char *name, const char *file, double start) {
    char init[40];
    if (!has_ticket(ticket)) return;
    snprintf(init, sizeof init, "init-%s.mp4", film);
    if (strcmp(ticket->init, film) && upload(ticket, init, "init.mp4", 0)) strcpy(ticket->init, film);
    if (!strcmp(ticket->init, film)) upload(ticket, name, file, start);
}
static bool send_picture(struct ticket *ticket, const char *type, const char *mark) {
    char name[160], at[40];
    snprintf(name, sizeof name, "%.15sZ-%s-%s.jpg", time_text(at, now_s(), "%Y%m%dT%H%M%S"), type, mark);
    return has_ticket(ticket) && upload(ticket, name, "picture.jpg", 0);
}

/* Filming: each piece is shown to who watches and, as a plan allows, becomes part of a segment. */
static void close_segment(void) {
    char name[80], at[40];
    sprintf(name, "%s-%d.m4s", time_text(at, segment_start, "%Y%m%dT%H%M%S"), segment_pieces * PIECE_S * 1000);
    if (segment_pieces && !close(segment)) send_film(&recordings, name, "segment.m4s", 0);
    segment_pieces = 0;
}
static void record(const char *piece, double start) {
    static int longest = FIRST_PIECES; /* who bought a plan sees soon that it works */
    bool is_wanted = !is_private && has_ticket(&recordings) && (!is_event_plan || now_s() < moved_until);
    if (segment_pieces == longest || !is_wanted) close_segment(), longest = is_wanted ? MOST_PIECES : FIRST_PIECES;
    if (!is_wanted) return;
    if (!segment_pieces++) segment = creat("segment.m4s", 0600), segment_start = start;
    int from = open(piece, O_RDONLY);
    while (sendfile(segment, from, NULL, 1 << 24) > 0) continue;
    close(from);
}
static void see(void) {
    static int number;
    char piece[24], name[40], mark[24];
    bool is_watched = false;
    const char *live_id;
    json_t *until;
    snprintf(mark, sizeof mark, "%.0f", now_s() * 1e6);
    snprintf(piece, sizeof piece, "%03d.m4s", number);
    if (!*film || access(piece, R_OK)) close_segment(), strcpy(film, mark), number = 0; /* its times begin anew */
    snprintf(piece, sizeof piece, "%03d.m4s", number), snprintf(name, sizeof name, "%s-%d.m4s", film, number++);
    json_object_foreach(views, live_id, until) is_watched |= json_real_value(until) > now_s();
    if (is_watched) send_film(&live, name, piece, now_s() - PIECE_S);
    if (has_moved) moved_until = now_s() + EVENT_S;
    if (has_moved && !is_private && send_picture(&alarms, "motion", mark)) has_moved = 0;
    record(piece, now_s() - PIECE_S);
}

/* Commands, as they come down the channel. */
static bool become_as_wanted(void) {
    json_t *wanted = NULL, *said = NULL;
    bool is_known = ask("PUT", "/cameras/state", json_object(), &wanted);
    if (is_known) {
        is_private = json_is_true(json_object_get(wanted, "privacy_mode"));
        if (is_private) json_object_clear(views);
        is_known = ask("PUT", "/cameras/state", json_pack("{sO*}", "settings", json_object_get(wanted, "desired")), &said);
    }
    return json_decref(wanted), json_decref(said), is_known;
}
static bool obey(json_t *message, const char *id) {
    const char *command = "", *live_id = "";
    json_unpack(message, "{ss s?s}", "command", &command, "live_id", &live_id);
    if (!strcmp(command, "settings")) return become_as_wanted();
    if (!strcmp(command, "snapshot")) return !is_private && send_picture(&snapshots, "snapshot", id);
    if (!strcmp(command, "live")) return !json_object_set_new(views, live_id, json_real(time_in(message, "until")));
    if (!strcmp(command, "stop_live")) return json_object_del(views, live_id), true;
    return !strcmp(command, "restart");
}

static int on_channel(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length) {
    static char said[LWS_PRE + 256];
    char bearer[300], *id = NULL;
    if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER) {
        int size = snprintf(bearer, sizeof bearer, "Bearer %s", token);
        unsigned char *end = *(unsigned char **)in + length;
        return lws_add_http_header_by_name(wsi, (void *)"authorization:", (void *)bearer, size, in, end);
    } else if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        channel = wsi, ping_at = local_s() + ping_s;
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLIENT_CLOSED) {
        if (!channel) *token = 0; /* it was not let in: perhaps the token was replaced */
        channel = NULL, connect_at = local_s() + reconnect_s;
    } else if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE) { /* to ask why, not with all who were hung up on */
        ask_at = local_s() + arc4random_uniform(ASK_WITHIN_MS) / 1e3;
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) { /* a frame is shorter than the buffer */
        json_t *message = json_loadb(in, length, 0, NULL);
        if (message && !json_unpack(message, "{ss}", "id", &id)) {
            snprintf(said + LWS_PRE, 256, "{\"id\": \"%s\", \"ok\": %s}", id, obey(message, id) ? "true" : "false");
            lws_rx_flow_control(wsi, 0), lws_callback_on_writable(wsi); /* the next one when this is answered */
        }
        json_decref(message);
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        if (!said[LWS_PRE]) strcpy(said + LWS_PRE, "{\"action\": \"ping\"}");
        lws_write(wsi, (unsigned char *)said + LWS_PRE, strlen(said + LWS_PRE), LWS_WRITE_TEXT);
        said[LWS_PRE] = 0, ping_at = local_s() + ping_s, lws_rx_flow_control(wsi, 1);
    }
    return 0;
}

static const struct lws_protocols protocols[] = {{.name = "sowa", .callback = on_channel, .rx_buffer_size = 4096}, {0}};
static void connect_channel(struct lws_context *context) {
    const char *scheme, *path;
    char address[512], at[512];
    struct lws_client_connect_info to = {.context = context, .local_protocol_name = protocols[0].name, .path = at};
    strcpy(address, channel_url);
    if (lws_parse_uri(address, &scheme, &to.address, &to.port, &path)) return;
    snprintf(at, sizeof at, "/%s", path);
    to.host = to.address, to.ssl_connection = strcmp(scheme, "wss") ? 0 : LCCSCF_USE_SSL;
    connect_at = local_s() + 30, lws_client_connect_via_info(&to);
}

static void on_signal(int number) { *(number == SIGUSR1 ? &has_moved : &is_over) = 1; }
int main(int count, char **arguments) {
    if (count != 5 || chdir(arguments[4])) return fprintf(stderr, "camera URL SN SECRET FOLDER\n"), 2;
    struct lws_context_creation_info how = {.port = CONTEXT_PORT_NO_LISTEN, .protocols = protocols, .options =
        LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT};
    url = arguments[1], sn = arguments[2], secret = arguments[3], views = json_object();
    signal(SIGUSR1, on_signal), signal(SIGTERM, on_signal), lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&how);
    for (double piece_at = local_s(); !is_over; usleep(20000)) {
        if (!*token && local_s() > activate_at) activate_at = local_s() + ASK_AGAIN_S, activate(), ask_at = 0;
        if (*token && local_s() > ask_at) ask_at = become_as_wanted() ? INFINITY : local_s() + ASK_AGAIN_S;
        if (*token && !channel && local_s() > connect_at) connect_channel(context);
        if (channel && local_s() > ping_at) lws_callback_on_writable(channel);
        if (*token && local_s() >= piece_at) piece_at += PIECE_S, see();
        lws_service(context, -1);
    }
    lws_context_destroy(context);
}
