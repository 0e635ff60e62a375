// A client in TypeScript as strict as it gets: it is compiled, and never run.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });

export async function newestAlarm(deviceId: string): Promise<string | undefined> {
  const { data, error } = await client.GET("/devices/{device_id}/alarms", {
    params: { path: { device_id: deviceId }, query: { limit: 3, type: "motion" } },
  });
  if (error) {
    const code: components["schemas"]["Refusal"]["code"] = error.code;
    return code === "NotFound" ? undefined : error.message;
  }
  const alarm: components["schemas"]["Alarm"] | undefined = data.items[0];
  return alarm && `${alarm.type} ${new Date(alarm.at).toISOString()}`;
}

export async function share(deviceId: string, email: string): Promise<string | undefined> {
  const { data } = await client.POST("/devices/{device_id}/shares", {
    params: { path: { device_id: deviceId }, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { email, rights: ["alarms", "live"] },
  });
  return data?.share_id;
}
